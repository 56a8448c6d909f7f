//! Starts the app.

fn main() -> std::process::ExitCode {
    vitalog::run(std::env::args_os())
}
