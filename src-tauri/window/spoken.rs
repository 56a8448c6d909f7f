//! In which language a question is answered: the page sends it along with every question.

use app::language::{self, Language, Spoken};
use tauri::Runtime;
use tauri::ipc::{CommandArg, CommandItem, InvokeBody, InvokeError};

/// What the page calls it in its questions.
const NAME: &str = "language";

/// Speaks the language of the page until the command is done. A command takes it among its arguments, and everything
/// that it asks of the product is told in it; whoever sends none is answered in English.
pub struct InWords {
    _spoken: Spoken,
}

impl<'de, R: Runtime> CommandArg<'de, R> for InWords {
    fn from_command(command: CommandItem<'de, R>) -> Result<Self, InvokeError> {
        let tag = match command.message.payload() {
            InvokeBody::Json(sent) => sent.get(NAME).and_then(|tag| tag.as_str()),
            InvokeBody::Raw(_) => None,
        };
        Ok(Self { _spoken: language::speak(Language::of(tag.unwrap_or_default())) })
    }
}
