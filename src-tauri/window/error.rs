//! Errors as the page gets them: `{ code, message, hint }`. The page branches on the code alone.

use super::backend::AppError;

/// What a command answers.
pub type Answer<T> = Result<T, AppError>;

/// A second import or other long job was started while one runs.
pub fn import_running() -> AppError {
    let message = "An import or another long job is running.";
    AppError::new("import_running", message, "Wait until it is done, or cancel it.")
}

/// Something was to be changed for good while somebody else's data are shown.
pub fn sample_shown() -> AppError {
    AppError::new("sample_shown", "These are the sample person's data.", "Go back to your own first.")
}

/// The page asked for something that makes no sense; our own mistake.
pub fn internal(message: &str) -> AppError {
    AppError::new("internal", message, "Please report this.")
}
