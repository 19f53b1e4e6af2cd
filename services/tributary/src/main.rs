//! The program `tributary`.

use clap::Parser;
use runtime::exit::Exit;
use tributary::cli::Cli;
use tributary::output::Output;

fn main() -> Exit {
    // One TLS provider for everything; rustls can't choose by itself when a library brings another.
    let _already_there = rustls::crypto::ring::default_provider().install_default();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return tributary::output::explain(&error),
    };
    let output = Output::new(cli.json);
    let ended = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(tributary::run(cli, &output)),
        Err(error) => Err(tributary::failure::Failure::of("the runtime can't start", &error)),
    };
    ended.unwrap_or_else(|failure| output.failure(&failure))
}
