//! In which language a question is answered: the page sends it along with every question.

use app::language::{self, Language, Spoken};
use tauri::Runtime;
use tauri::ipc::{CommandArg, CommandItem, InvokeBody, InvokeError};

/// What the page calls it in its questions.
const NAME: &str = "language";

/// The language of the page, for a command whose work is done on another thread; there it is spoken. Whoever sends none
/// is answered in English.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tongue(Language);

impl Tongue {
    /// Speaks it on this thread until what it returns is dropped.
    pub fn speak(self) -> Spoken {
        language::speak(self.0)
    }
}

impl<'de, R: Runtime> CommandArg<'de, R> for Tongue {
    fn from_command(command: CommandItem<'de, R>) -> Result<Self, InvokeError> {
        let tag = match command.message.payload() {
            InvokeBody::Json(sent) => sent.get(NAME).and_then(|tag| tag.as_str()),
            InvokeBody::Raw(_) => None,
        };
        Ok(Self(Language::of(tag.unwrap_or_default())))
    }
}

/// Speaks the language of the page until the command is done: a command takes it among its arguments, and everything
/// that it asks of the product is told in it.
pub struct InWords {
    _spoken: Spoken,
}

impl<'de, R: Runtime> CommandArg<'de, R> for InWords {
    fn from_command(command: CommandItem<'de, R>) -> Result<Self, InvokeError> {
        Tongue::from_command(command).map(|tongue| Self { _spoken: tongue.speak() })
    }
}
