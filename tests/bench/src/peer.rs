//! Starts what is measured: the reference relay, and Postern with a config, a store and a limited virtual key.

use crate::client::Connection;
use crate::error::BenchError;
use crate::measure::Target;
use crate::process::resident_mib;
use crate::request;
use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const MASTER_KEY: &str = "sk-bench-master-key";
const UP_SECONDS_MAX: u64 = 30;

/// A running process; killed when dropped.
pub(crate) struct Peer {
    child: Child,
}

impl Peer {
    /// The process's id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A peer that answers, and what its start took.
pub(crate) struct Started {
    pub(crate) peer: Peer,
    pub(crate) target: Target,
    /// From spawning the process to its first answer, for each start.
    pub(crate) start_ms: Vec<f64>,
    /// Memory after the first answer, for each start.
    pub(crate) idle_mib: Vec<f64>,
}

/// Where peers find the mock and keep their files, and which CPU is theirs.
pub(crate) struct Launch<'a> {
    pub(crate) upstream: SocketAddr,
    pub(crate) folder: &'a Path,
    pub(crate) cpu: Option<usize>,
}

impl Launch<'_> {
    /// The plain relay.
    pub(crate) async fn reference(&self, binary: &Path, starts: usize) -> Result<Started, BenchError> {
        let address = free_address()?;
        let arguments = [address.to_string(), format!("http://{}/v1/chat/completions", self.upstream)];
        self.start("reference", binary, &arguments, Target::new(address, "sk-bench"), starts).await
    }

    /// Postern with an embedded store, called with a virtual key that has a budget and limits, and with one that has none.
    pub(crate) async fn postern(&self, binary: &Path, starts: usize) -> Result<Started, BenchError> {
        self.postern_with(binary, starts, "").await
    }

    /// As [`Launch::postern`], with a deployment that takes few requests at once.
    pub(crate) async fn limited_postern(&self, binary: &Path, parallel: u32) -> Result<Started, BenchError> {
        self.postern_with(binary, 1, &format!("      max_parallel_requests: {parallel}\n")).await
    }

    async fn postern_with(&self, binary: &Path, starts: usize, params: &str) -> Result<Started, BenchError> {
        let config = self.folder.join("config.yaml");
        fs::write(&config, self.config(params))?;
        let address = free_address()?;
        let arguments = [
            format!("--config={}", config.display()),
            format!(
                "--store={}",
                self.folder.join(if params.is_empty() { "bench.db" } else { "limited.db" }).display()
            ),
            "--host=127.0.0.1".to_owned(),
            format!("--port={}", address.port()),
        ];
        let (key, unlimited) = {
            let master = Target::new(address, MASTER_KEY);
            let _first = self.start("postern", binary, &arguments, master, 1).await?;
            (generate_key(address, true).await?, generate_key(address, false).await?)
        };
        let target = Target::new(address, &key).and_without_limits(&unlimited);
        self.start("postern", binary, &arguments, target, starts).await
    }

    fn config(&self, params: &str) -> String {
        format!(
            "model_list:\n  - model_name: {model}\n    litellm_params:\n      model: openai/{model}\n      api_base: http://{upstream}/v1\n      api_key: sk-upstream\n{params}general_settings:\n  master_key: {MASTER_KEY}\n",
            model = request::MODEL,
            upstream = self.upstream
        )
    }

    /// Starts a process `starts` times and keeps the last one.
    async fn start(
        &self,
        name: &'static str,
        binary: &Path,
        arguments: &[String],
        target: Target,
        starts: usize,
    ) -> Result<Started, BenchError> {
        let log = self.folder.join(format!("{name}.log"));
        let (mut start_ms, mut idle_mib) = (Vec::new(), Vec::new());
        loop {
            let begun = Instant::now();
            let mut peer = Peer { child: self.spawn(binary, arguments, &log)? };
            if !first_answer(&mut peer, &target).await {
                let output = fs::read_to_string(&log).unwrap_or_default();
                return Err(BenchError::NotUp { name, log: output });
            }
            start_ms.push(begun.elapsed().as_secs_f64() * 1e3);
            idle_mib.push(resident_mib(peer.pid()));
            if start_ms.len() >= starts {
                return Ok(Started { peer, target, start_ms, idle_mib });
            }
        }
    }

    fn spawn(&self, binary: &Path, arguments: &[String], log: &Path) -> Result<Child, BenchError> {
        let mut command = match self.cpu {
            Some(cpu) => {
                let mut pinned = Command::new("taskset");
                pinned.args(["-c", &cpu.to_string()]).arg(binary);
                pinned
            }
            None => Command::new(binary),
        };
        let output = File::create(log)?;
        command.args(arguments).stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        Ok(command.spawn()?)
    }
}

/// Calls until the answer is 200. False where the process ends first, or takes far too long.
async fn first_answer(peer: &mut Peer, target: &Target) -> bool {
    let mut connection = Connection::new(target.address);
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(UP_SECONDS_MAX) {
        match connection.call(&target.plain).await {
            Ok(answer) if answer.status == 200 => return true,
            _ if peer.child.try_wait().ok().flatten().is_some() => return false,
            _ => {
                connection = Connection::new(target.address);
                tokio::task::yield_now().await;
            }
        }
    }
    false
}

async fn generate_key(address: SocketAddr, is_limited: bool) -> Result<String, BenchError> {
    let request = request::generate_key(address, MASTER_KEY, is_limited);
    let answer = Connection::new(address).call(&request).await?;
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    if answer.status != 200 {
        return Err(BenchError::Status { what: "/key/generate", status: answer.status, body: text });
    }
    let body: serde_json::Value = serde_json::from_slice(&answer.body)?;
    let key = body.get("key").and_then(serde_json::Value::as_str).map(str::to_owned);
    key.ok_or(BenchError::NoKey(text))
}

fn free_address() -> Result<SocketAddr, BenchError> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}
