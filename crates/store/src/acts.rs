//! What the owner did to what is stored: rows hidden or deleted, sessions of sleep edited, sources put in order. No act
//! changes a row for good but a deletion, whose rows are wiped [`KEPT_MS`] later; every one can be taken back.
//!
//! Acts name types and sources as inputs do, and times: they hold for imports to come, too.

pub(crate) mod hidden;
mod log;
pub(crate) mod nights;
mod orders;

use serde::{Deserialize, Serialize};

use crate::aliases::Alias;
use crate::derived::Derived;
use crate::error::{ErrorKind, Result};
use crate::nights::SLEEP;
use crate::open::Store;
use crate::query::zones::zones;

pub use hidden::Rows;
pub use log::Act;
pub(crate) use log::write;
pub(crate) use orders::changed as order_changed;

/// How long the rows of a deletion can be brought back: 30 days.
pub const KEPT_MS: i64 = 30 * 24 * 3_600_000;

/// What an act does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Rows count no more.
    Hide,
    /// The same, and after [`KEPT_MS`] they are removed.
    Delete,
    /// Another source's numbers count first for a type.
    Order,
    /// A session of sleep is another one.
    Night(health::series::sleep::EditKind),
}

impl What {
    /// The word in answers and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hide => "hide",
            Self::Delete => "delete",
            Self::Order => "order",
            Self::Night(kind) => kind.as_str(),
        }
    }

    fn of(word: &str) -> Option<Self> {
        let nights = health::series::sleep::EditKind::ALL.map(Self::Night);
        [Self::Hide, Self::Delete, Self::Order].into_iter().chain(nights).find(|what| what.as_str() == word)
    }
}

/// What an act says besides its type and time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Body {
    /// Whose rows; none means everybody's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Alias>,
    /// How many rows counted no more when it was done.
    pub rows: u64,
    /// The order before and after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<[Vec<Alias>; 2]>,
}

impl Store {
    /// Returns every act, the newest first.
    pub fn acts(&self) -> Result<Vec<Act>> {
        let mut acts = log::all(&self.conn)?;
        acts.reverse();
        Ok(acts)
    }

    /// Takes an act back: the store is then what it would be without it. `home_zone` holds where none is known.
    pub fn take_back(&mut self, id: i64, now_ms: i64, home_zone: &str) -> Result<Act> {
        self.change(|tx| {
            let act = log::one(tx, id)?.ok_or(ErrorKind::UnknownAct(id))?;
            if act.taken_back_ms.is_some() {
                return Err(ErrorKind::ActIsOver(id).into());
            }
            log::take_back(tx, id, now_ms)?;
            let (mut derived, before) = (Derived::default(), zones(tx, home_zone)?);
            match act.what {
                What::Hide | What::Delete => hidden::show(tx, &act, &mut derived)?,
                What::Night(_) => nights::touch(tx, &act, &mut derived)?,
                What::Order => orders::take_back(tx, &act.kind)?,
            }
            derived.settle(tx, home_zone, &before)?;
            Ok(Act { taken_back_ms: Some(now_ms), ..act })
        })
    }

    /// Keeps an edit of a session of sleep and finds the sessions around it anew.
    pub fn edit_night(&mut self, edit: health::series::sleep::Edit, now_ms: i64, home_zone: &str) -> Result<Act> {
        self.change(|tx| {
            let act = Act {
                at_ms: now_ms,
                from_ms: Some(edit.from_ms),
                until_ms: Some(edit.until_ms),
                ..Act::new(What::Night(edit.kind), SLEEP)
            };
            let act = write(tx, act)?;
            let (mut derived, zones) = (Derived::default(), zones(tx, home_zone)?);
            nights::touch(tx, &act, &mut derived)?;
            derived.rebuild(tx, &zones)?;
            Ok(act)
        })
    }
}
