//! A server program, started on a free port and killed when dropped.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

/// How long a program may take until it answers; a Python server on a busy machine takes seconds.
const START_TIME_MAX: Duration = Duration::from_secs(60);
/// How often it is started anew where another process took its port first.
const STARTS_MAX: usize = 5;

/// A running program.
#[derive(Debug)]
pub struct Emulator {
    child: Child,
    address: SocketAddr,
}

impl Emulator {
    /// Starts `program` with the arguments that `arguments` makes of a port, and waits until it takes connections.
    pub async fn start(program: &Path, arguments: impl Fn(u16) -> Vec<String>) -> Self {
        for _ in 0..STARTS_MAX {
            let port = free_port();
            let mut child = Command::new(program)
                .args(arguments(port))
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap_or_else(|error| panic!("`{}` does not start: {error}", program.display()));
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            if answers(&mut child, address).await {
                return Self { child, address };
            }
        }
        panic!("`{}` ended each time it was started", program.display());
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens, as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Finds a program: by the environment variable, in a folder of the repository, or on the path.
///
/// Panics where it is nowhere: a test without its emulator fails, it is not skipped.
pub fn find(variable: &str, folder: &str, name: &str) -> PathBuf {
    #[allow(clippy::disallowed_methods, reason = "the way to a tool is the test run's own setting, not Postern's")]
    let (named, path) = (std::env::var(variable), std::env::var("PATH").unwrap_or_default());
    if let Ok(named) = named {
        return PathBuf::from(named);
    }
    let in_repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder).join(name);
    let on_path = std::env::split_paths(&path).map(|folder| folder.join(name));
    let found = std::iter::once(in_repository).chain(on_path).find(|candidate| candidate.is_file());
    found.unwrap_or_else(|| panic!("`{name}` is missing (looked at ${variable}, {folder} and $PATH): run `make setup`"))
}

async fn answers(child: &mut Child, address: SocketAddr) -> bool {
    let start = Instant::now();
    while matches!(child.try_wait(), Ok(None)) {
        if TcpStream::connect(address).await.is_ok() {
            return true;
        }
        if start.elapsed() > START_TIME_MAX {
            let _ = child.kill();
            panic!("no answer at {address} within {START_TIME_MAX:?}");
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    false
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("a bound listener has an address").port()
}
