//! The one place that turns an error into a code for programs, a message for people and a way out.

mod file;

use std::fmt;
use std::path::Path;

use health::language::word;
use health::{key, say};
use serde::Serialize;

pub(crate) use file::{About, name};
use file::{Doing, io};

/// Shorthand for this crate's results.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong, for people and programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Error {
    /// Stable, for programs.
    pub code: Code,
    /// What happened, one sentence.
    pub message: String,
    /// What the user can do; may be empty.
    pub hint: String,
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $word:literal,)+) => {
        /// The table of codes. A code is never renamed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum Code { $($(#[doc = $doc])+ $name,)+ }

        impl Code {
            /// Every code with its word and what it means.
            pub const TABLE: &'static [(Self, &'static str, &'static str)] =
                &[$((Self::$name, $word, concat!($($doc),+)),)+];
        }
    };
}

// The macro keeps variant, word and meaning in one line, so that none can be forgotten.
codes! {
    /// Nothing inside the input is an Apple Health document.
    NotAnExport = "not_an_export",
    /// The folder to import has nothing in it.
    EmptyFolder = "empty_folder",
    /// The archive or its document cannot be read.
    DamagedArchive = "damaged_archive",
    /// The archive is encrypted.
    EncryptedArchive = "encrypted_archive",
    /// A limit was passed.
    TooLarge = "too_large",
    /// The disk is full.
    NoSpace = "no_space",
    /// Another process is writing.
    StoreBusy = "store_busy",
    /// A newer version wrote the store.
    StoreNewer = "store_newer",
    /// The store cannot be read or is not whole.
    StoreDamaged = "store_damaged",
    /// Changes beside the store cannot be read in a read-only folder.
    StoreReadOnly = "store_read_only",
    /// The store refused something else.
    StoreFailed = "store_failed",
    /// No type has this name.
    UnknownType = "unknown_type",
    /// No import has this number.
    UnknownImport = "unknown_import",
    /// No act of the owner has this number.
    UnknownAct = "unknown_act",
    /// This act was taken back before.
    ActIsOver = "act_is_over",
    /// No session of sleep starts then, or none follows near enough.
    UnknownSession = "unknown_session",
    /// No row that counts is among those that were named.
    NoRows = "no_rows",
    /// No workout has this number.
    UnknownWorkout = "unknown_workout",
    /// No electrocardiogram has this number.
    UnknownEcg = "unknown_ecg",
    /// No source has this name or number, or several have it.
    UnknownSource = "unknown_source",
    /// No device has this name or number.
    UnknownDevice = "unknown_device",
    /// No server has this name.
    UnknownRemote = "unknown_remote",
    /// Another server has this name.
    RemoteExists = "remote_exists",
    /// A server cannot be reached, or does not answer as one of its kind.
    RemoteFailed = "remote_failed",
    /// A server does not take the secret.
    Unauthorized = "unauthorized",
    /// A server's certificate is not believed.
    UnknownCertificate = "unknown_certificate",
    /// The key store of the system cannot be used, or lacks a secret.
    NoKeyring = "no_keyring",
    /// Another program is sending to this server.
    PushRuns = "push_runs",
    /// Another program receives from phones for this data folder.
    ReceiverRuns = "receiver_runs",
    /// Another program uses the port.
    PortTaken = "port_taken",
    /// There is no address that phones could be received at.
    NoAddress = "no_address",
    /// The network is another one than those that phones were received in.
    OtherNetwork = "other_network",
    /// Nothing receives from phones for this data folder.
    NotReceiving = "not_receiving",
    /// The code of an invitation cannot be used any more.
    PairingOver = "pairing_over",
    /// The phone is shut out for good.
    ShutOut = "shut_out",
    /// The two sources are one already.
    AlreadyLinked = "already_linked",
    /// This import was undone before.
    AlreadyUndone = "already_undone",
    /// The file to restore is no whole copy of a store.
    NotABackup = "not_a_backup",
    /// No setting has this name, or the value is not allowed.
    UnknownSetting = "unknown_setting",
    /// The window has no screen at this address.
    UnknownAddress = "unknown_address",
    /// A day is not written as 2026-03-14.
    BadDate = "bad_date",
    /// The arguments make no sense together.
    BadUsage = "bad_usage",
    /// A statement of the user's own is wrong, not allowed or too slow.
    BadSql = "bad_sql",
    /// A file or folder cannot be read or written.
    File = "file",
    /// No file or folder has this name.
    NotFound = "not_found",
    /// The owner does not share this with agents.
    NotShared = "not_shared",
    /// There is no window to open here.
    NoWindow = "no_window",
    /// The user stopped it.
    Cancelled = "cancelled",
}

impl Code {
    /// The word for programs.
    pub fn as_str(self) -> &'static str {
        Self::TABLE.iter().find(|(code, ..)| *code == self).map_or("unknown", |(_, word, _)| word)
    }

    /// Whether the arguments are at fault.
    pub fn is_usage(self) -> bool {
        use Code::{
            BadDate, BadSql, BadUsage, UnknownAct, UnknownAddress, UnknownDevice, UnknownEcg, UnknownImport,
            UnknownRemote, UnknownSession, UnknownSetting, UnknownSource, UnknownType, UnknownWorkout,
        };
        matches!(
            self,
            UnknownType
                | UnknownImport
                | UnknownAct
                | UnknownSession
                | UnknownWorkout
                | UnknownEcg
                | UnknownSource
                | UnknownDevice
                | UnknownRemote
                | UnknownSetting
                | UnknownAddress
                | BadDate
                | BadSql
                | BadUsage
        )
    }
}

impl Error {
    /// Builds an error.
    pub fn new(code: Code, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: hint.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.message)?;
        if self.hint.is_empty() { Ok(()) } else { write!(f, " {}", self.hint) }
    }
}

impl std::error::Error for Error {}

/// What helps a store that is broken, from wherever that is told: nothing more is to be learned elsewhere.
pub(crate) const REMEDY: &str = key!(
    "`vitalog restore FILE` puts a backup in its place and keeps what is there; without a backup, import your exports \
     into a new data folder."
);

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        use store::ErrorKind;
        let text = error.to_string();
        match error.into_kind() {
            ErrorKind::Busy => {
                Self::new(Code::StoreBusy, "Another program is writing to the store.", "Try again when it is done.")
            }
            ErrorKind::Newer { .. } => {
                Self::new(Code::StoreNewer, "A newer version of Vitalog wrote this store.", "Install that version.")
            }
            ErrorKind::Damaged(_) => Self::new(Code::StoreDamaged, "The store is damaged or is no store.", REMEDY),
            ErrorKind::Unsettled => Self::new(
                Code::StoreReadOnly,
                "The folder is read-only, and the store in it is not ready to be read: its newest changes lie beside it, or an \
                 earlier version wrote it.",
                "Copy the folder to where you may write, and name the copy with --data-dir.",
            ),
            ErrorKind::NoSpace => Self::new(Code::NoSpace, "The disk is full.", "Make room and try again."),
            ErrorKind::Cancelled => cancelled(),
            ErrorKind::UnknownImport(id) => {
                Self::new(Code::UnknownImport, format!("There is no import {id}."), "`vitalog imports` lists them all.")
            }
            ErrorKind::AlreadyUndone(id) => {
                Self::new(Code::AlreadyUndone, format!("Import {id} was undone before."), "")
            }
            ErrorKind::UnknownAct(id) => {
                Self::new(Code::UnknownAct, format!("There is no act {id}."), "`vitalog history` lists them all.")
            }
            ErrorKind::ActIsOver(id) => Self::new(Code::ActIsOver, format!("Act {id} was taken back before."), ""),
            ErrorKind::UnknownSource => {
                Self::new(Code::UnknownSource, "There is no such source.", "`vitalog sources` lists them all.")
            }
            ErrorKind::UnknownPeer => {
                Self::new(Code::UnknownDevice, "There is no such device.", "`vitalog devices list` lists them all.")
            }
            ErrorKind::UnknownRemote => {
                Self::new(Code::UnknownRemote, "There is no such server.", "`vitalog remote list` lists them all.")
            }
            ErrorKind::RemoteExists => {
                Self::new(Code::RemoteExists, "Another server has this name.", "Choose another one with --name.")
            }
            ErrorKind::TwoDevices => Self::new(
                Code::BadUsage,
                "These are two devices or apps, which cannot be one source.",
                "`vitalog sources order` says whose numbers count first.",
            ),
            ErrorKind::NoCopy => Self::new(
                Code::NotABackup,
                "The file is no backup of a store, or not a whole one; nothing was changed.",
                "Choose a file that a backup has written.",
            ),
            ErrorKind::Statement(text) => Self::new(
                Code::BadSql,
                sentence(&say!("The statement cannot be run: {text}", text)),
                word(key!("One SELECT that takes less than 10 s is allowed.")),
            ),
            ErrorKind::Input(error) => error.into(),
            ErrorKind::Io(error) => error.into(),
            _ => Self::new(
                Code::StoreFailed,
                sentence(&say!("The store failed: {text}", text)),
                word(key!("Run `vitalog doctor`.")),
            ),
        }
    }
}

impl From<health::Error> for Error {
    fn from(error: health::Error) -> Self {
        input(&error, None)
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        io(&error, None)
    }
}

/// An input that cannot be read, by the name of its file.
pub(crate) fn named(error: &health::Error, path: &Path) -> Error {
    input(error, Some((path, Doing::Reading)))
}

fn input(error: &health::Error, about: Option<(&Path, Doing)>) -> Error {
    use health::ErrorKind;
    let named = about.map(|(path, _)| name(path));
    let subject = |else_: &str| capital(named.as_deref().unwrap_or(else_));
    match error.kind() {
        ErrorKind::NotAnExport => Error::new(
            Code::NotAnExport,
            format!("{} is not an Apple Health export.", subject("this")),
            "In the Health app choose your picture, then Export All Health Data.",
        ),
        ErrorKind::Empty(inside) => {
            let subject = subject("the input");
            let message = match inside {
                Some(document) => format!("{subject} is no Apple Health export: `{document}` in it is empty."),
                None => format!("{subject} is empty."),
            };
            Error::new(Code::NotAnExport, message, "Copy the export from the phone once more, or export again.")
        }
        ErrorKind::Several => Error::new(
            Code::DamagedArchive,
            format!("{} holds more than one export.", subject("the input")),
            "Name one of them: a zip, an export.xml, or the folder around it. Of an archive with several, unpack it first.",
        ),
        ErrorKind::DamagedArchive(_) | ErrorKind::Damaged(_) => Error::new(
            Code::DamagedArchive,
            sentence(&format!("{} cannot be read: {error}", subject("the export"))),
            "Copy the export from the phone once more, or export again.",
        ),
        ErrorKind::Encrypted => Error::new(
            Code::EncryptedArchive,
            format!("{} is encrypted.", subject("the archive")),
            "Unpack it, then import the folder.",
        ),
        ErrorKind::TooLarge(limit) => {
            let message = format!("{} is over a limit: {limit}.", subject("the input"));
            Error::new(
                Code::TooLarge,
                message,
                "No phone's export is like that; a damaged one may be: copy it once more, or export again.",
            )
        }
        ErrorKind::Cancelled => cancelled(),
        ErrorKind::Io(inner) => io(inner, about),
        _ => {
            Error::new(Code::DamagedArchive, sentence(&format!("{} cannot be read: {error}", subject("the input"))), "")
        }
    }
}

fn capital(subject: &str) -> String {
    let mut letters = subject.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// One full stop, and none after a question.
pub(crate) fn sentence(text: &str) -> String {
    if text.ends_with(['.', '?', '!']) { text.to_owned() } else { format!("{text}.") }
}

/// The error of a stop that the user asked for.
pub fn cancelled() -> Error {
    Error::new(Code::Cancelled, "Stopped; nothing was changed.", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_is_what_json_has() {
        for (code, word, _) in Code::TABLE {
            assert_eq!(serde_json::json!(code), serde_json::json!(word));
        }
    }

    #[test]
    fn an_input_is_named_without_its_folder() {
        let path = Path::new("/somewhere/ada/export.zip");
        let check = |kind: health::ErrorKind, expected: &str| {
            let error = Err::<(), _>(health::Error::from(kind)).reading(path).expect_err("failed");
            assert_eq!(error.message, expected);
        };
        let cut = health::ErrorKind::DamagedArchive("no end: is it cut off?".to_owned());
        check(cut, "`export.zip` cannot be read: the archive is damaged: no end: is it cut off?");
        check(health::ErrorKind::Empty(None), "`export.zip` is empty.");
        let inside = health::ErrorKind::Empty(Some("Export.xml".to_owned()));
        check(inside, "`export.zip` is no Apple Health export: `Export.xml` in it is empty.");
        let piped = Error::from(health::Error::from(health::ErrorKind::Empty(None)));
        assert_eq!((piped.code, piped.message.as_str()), (Code::NotAnExport, "The input is empty."));
    }

    #[test]
    fn a_message_and_its_hint_are_one_line() {
        let error = Error::from(health::Error::from(health::ErrorKind::NotAnExport));
        assert_eq!(error.code.as_str(), "not_an_export");
        assert!(error.to_string().ends_with("Export All Health Data."));
    }
}
