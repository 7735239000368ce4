//! The command line. Flags keep LiteLLM's names where it has one; everything a flag says a variable can say too.

use crate::cli_tls::TlsOptions;
use clap::{Parser, Subcommand};
use std::net::IpAddr;

/// An LLM gateway: one OpenAI-compatible endpoint in front of every model provider.
///
/// Without a configuration it serves a built-in demo model, and `PROVIDER/*` for every provider whose key is in the
/// environment (OPENAI_API_KEY, GROQ_API_KEY, …); it makes a master key for this run and prints a curl line to try.
#[derive(Debug, Parser)]
#[command(name = "postern", version, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub(crate) struct Options {
    /// Something else than serving
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    /// The configuration: a config.yaml as LiteLLM writes it, or s3://BUCKET/KEY
    #[arg(short, long, value_name = "FILE", env = "CONFIG_FILE_PATH")]
    pub(crate) config: Option<String>,

    /// Serve this one model, as provider/model, without a configuration
    #[arg(short, long, value_name = "MODEL", conflicts_with = "config")]
    pub(crate) model: Option<String>,

    /// Where --model is called, where not at the provider's own address
    #[arg(long, value_name = "URL", requires = "model")]
    pub(crate) api_base: Option<String>,

    /// The address to listen on
    #[arg(long, value_name = "ADDRESS", env = "HOST", default_value = "127.0.0.1")]
    pub(crate) host: IpAddr,

    /// The port to listen on; 0 takes a free one
    #[arg(short, long, value_name = "PORT", env = "PORT", default_value_t = 4000)]
    pub(crate) port: u16,

    /// Where keys and spend live: a file, `memory`, or dynamodb://TABLE [default: postern/postern.db in the user's
    /// data folder]
    #[arg(long, value_name = "STORE", env = "POSTERN_STORE")]
    pub(crate) store: Option<String>,

    /// Read the configuration, say what is wrong with it, and exit
    #[arg(long)]
    pub(crate) check: bool,

    /// Log what happens to each call
    #[arg(long, visible_alias = "debug", alias = "detailed_debug")]
    pub(crate) detailed_debug: bool,

    #[command(flatten)]
    pub(crate) tls: TlsOptions,
}

/// What `postern` does besides serving.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Seal, open and check values at rest
    Secret(crate::secret::SecretOptions),
    /// Print the form of config.yaml as JSON Schema, for editors
    Schema,
}

const EXAMPLES: &str = "\
Examples:
  postern                                    try it: a demo model, nothing to set up
  OPENAI_API_KEY=sk-… postern                every OpenAI model as openai/MODEL
  postern --config config.yaml               what a LiteLLM proxy would serve
  postern --config config.yaml --check       is the configuration right?
  postern --model hosted_vllm/qwen3 --api-base http://localhost:8000/v1
  postern --ssl_certfile_path chain.pem --ssl_keyfile_path key.pem
  postern --store dynamodb://postern         share keys and spend with the Lambda functions";
