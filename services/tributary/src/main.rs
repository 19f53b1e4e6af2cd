//! The program `tributary`.

use clap::Parser;
use runtime::exit::Exit;
use tributary::cli::Cli;
use tributary::failure::Failure;
use tributary::output::Output;

/// A quarter of the sender's processor time went into glibc's allocator; see `docs/adr/0005-allocator.md`.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> Exit {
    // One TLS provider for everything; rustls can't choose by itself when a library brings another.
    let _already_there = rustls::crypto::ring::default_provider().install_default();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return tributary::output::explain(&error),
    };
    let output = Output::new(cli.json);
    let threads = tributary::worker_threads(&cli);
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return output.failure(&Failure::of("the runtime can't start", &error)),
    };
    let ended = runtime.block_on(tributary::run(cli, &output));
    // Everything was closed in order by now, or a second signal asked not to wait for it.
    runtime.shutdown_background();
    ended.unwrap_or_else(|failure| output.failure(&failure))
}
