//! Errors as the page gets them: `{ code, message, hint }`. The page branches on the code alone.

use super::backend::AppError;

/// What a command answers.
pub type Answer<T> = Result<T, AppError>;

/// A second import was started while one runs.
pub fn import_running() -> AppError {
    AppError::new("import_running", "An import is running.", "Wait until it is done, or cancel it.")
}

/// The page asked for something that makes no sense; our own mistake.
pub fn internal(message: &str) -> AppError {
    AppError::new("internal", message, "Please report this.")
}

/// The page named a file that nobody chose, dropped or handed over.
pub fn not_given() -> AppError {
    internal("Nobody gave this file to the window.")
}
