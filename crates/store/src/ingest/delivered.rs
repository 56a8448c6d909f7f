//! A delivery on its way into the store: its row, its records and what became of them, which are durable together.
//!
//! Records go in portion by portion, each in a transaction of its own; the row that says that the delivery is there is
//! written with the first, and what became of it with the last. A small delivery is one transaction.

use health::phone::PhoneBatch;

use super::phone::{PhoneDelivery, PhoneReport, Portion};
use crate::cancel::Done;
use crate::error::Result;
use crate::open::Store;
use crate::peers::{self, NewDelivery, Outcome, State};

/// What a delivery is, besides its records.
#[derive(Debug, Clone, Copy)]
pub struct Receipt<'a> {
    /// Its row.
    pub new: NewDelivery<'a>,
    /// Its name and content, where it has one that may come once only.
    pub request: Option<(&'a str, &'a str)>,
}

/// Says what became of a delivery, from what became of its last portion.
pub type Finish<'f> = dyn FnMut(&PhoneReport) -> Outcome + 'f;

impl Store {
    /// Takes in a portion of a delivery, the last one where `finish` says what became of all. Told again it adds
    /// nothing. Returns the number of the delivery, which stands in place of that in `told`, and what became of the
    /// portion.
    pub fn deliver(
        &mut self,
        told: &PhoneDelivery<'_>,
        receipt: &Receipt<'_>,
        portion: Option<&PhoneBatch>,
        finish: Option<&mut Finish<'_>>,
    ) -> Result<(i64, PhoneReport)> {
        told.cancel.check()?;
        let done = self.write_on(&told.cancel.of_its_own(), |tx| {
            let id = peers::take(tx, &receipt.new)?;
            let told = PhoneDelivery { delivery: Some(id), ..told.clone() };
            let mut report = PhoneReport::default();
            if let Some(portion) = portion {
                Portion::begin(tx, &told)?.run(portion, &mut report)?;
            }
            report.total();
            if let Some(finish) = finish {
                peers::finish(tx, id, State::Done, &finish(&report), receipt.request)?;
            }
            Ok(Done::Commit((id, report)))
        })?;
        Ok(done.answer())
    }
}
