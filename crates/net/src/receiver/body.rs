//! Receives a body into the spool: with limits on its size, on its pauses and on its pace, and little of it in memory.

use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use http_body_util::BodyExt as _;
use tokio::time::{Instant, timeout};

use super::guard::{self, Ends};
use super::shared::Shared;
use crate::spool::Writing;

/// How long a phone may say nothing in the middle of a body.
const PAUSE: Duration = Duration::from_secs(60);
/// For so long nobody asks how fast it is.
const WARM_UP: Duration = Duration::from_secs(30);
/// Bytes a second, on the average, from then on.
const SLOWEST: u64 = 1 << 10;
/// How long a short body may take in all. It fits into a few packets, and whoever sends it may be a stranger.
const SHORT: Duration = Duration::from_secs(10);
/// The same where half of all connections are taken, as with heads.
const SHORT_IN_A_CROWD: Duration = Duration::from_secs(2);
/// Bytes that are gathered before they are written.
const PORTION: usize = 256 << 10;

/// Why a body was not received.
#[derive(Debug)]
pub(super) enum Torn {
    /// It stopped, or crawls.
    Slow,
    /// The phone is gone.
    Gone,
    /// What the spool or the unpacker says, with what came until then.
    Refused(health::Error, Box<Writing>),
}

/// Writes a body into the spool, but for its last portion, which comes back with it: who ends the body writes that,
/// too.
pub(super) async fn receive(mut body: Body, mut writing: Writing) -> Result<(Writing, Vec<u8>), Torn> {
    let (began, mut length, mut portion) = (Instant::now(), 0, Vec::new());
    while let Some(piece) = next(&mut body).await? {
        length += piece.len() as u64;
        let taken = began.elapsed();
        if taken > WARM_UP && length < taken.as_secs() * SLOWEST {
            return Err(Torn::Slow);
        }
        portion.extend_from_slice(&piece);
        if portion.len() >= PORTION {
            writing = write(writing, std::mem::take(&mut portion)).await?;
        }
    }
    Ok((writing, portion))
}

/// Reads the short body of somebody who has shown no token; `None` where [`short`] has none, where it does not come
/// within some seconds, and where this address sends too many of them at once.
pub(super) async fn of_guest(shared: &Shared, ends: Ends, body: Body, limit: usize) -> Option<Vec<u8>> {
    let _place = shared.guests.enter(guard::plain(ends.peer.ip()))?;
    at_once(body, limit, shared.connections.is_crowded()).await
}

async fn at_once(body: Body, limit: usize, is_crowded: bool) -> Option<Vec<u8>> {
    let within = if is_crowded { SHORT_IN_A_CROWD } else { SHORT };
    timeout(within, short(body, limit)).await.ok().flatten()
}

/// Reads a short body into memory; `None` of a longer one, and of one that never ends.
pub(super) async fn short(mut body: Body, limit: usize) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    while let Some(piece) = next(&mut body).await.ok()? {
        text.extend_from_slice(&piece);
        if text.len() > limit {
            return None;
        }
    }
    Some(text)
}

async fn next<B>(body: &mut B) -> Result<Option<Bytes>, Torn>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    loop {
        match timeout(PAUSE, body.frame()).await {
            Err(_) => return Err(Torn::Slow),
            Ok(None) => return Ok(None),
            Ok(Some(Err(_))) => return Err(Torn::Gone),
            Ok(Some(Ok(frame))) => {
                // Trailers say nothing that we know.
                if let Ok(piece) = frame.into_data() {
                    return Ok(Some(piece));
                }
            }
        }
    }
}

async fn write(mut writing: Writing, portion: Vec<u8>) -> Result<Writing, Torn> {
    let written = tokio::task::spawn_blocking(move || match writing.push(&portion) {
        Ok(()) => Ok(writing),
        Err(error) => Err(Torn::Refused(error, Box::new(writing))),
    });
    written.await.map_err(|_| Torn::Gone)?
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::sync::Arc;
    use std::task::{Context, Poll};

    use health::formats::phone::inflate::Packing;
    use hyper::body::Frame;
    use tokio::time::{Sleep, sleep};

    use super::*;
    use crate::spool::{Meta, Spool};

    /// So many pieces of so many bytes, with a pause before each.
    struct Slow {
        pieces: usize,
        bytes: usize,
        pause: Duration,
        next: Pin<Box<Sleep>>,
    }

    impl HttpBody for Slow {
        type Data = Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
            if self.pieces == 0 {
                return Poll::Ready(None);
            }
            std::task::ready!(self.next.as_mut().poll(context));
            self.pieces -= 1;
            self.next = Box::pin(sleep(self.pause));
            Poll::Ready(Some(Ok(Frame::data(vec![b' '; self.bytes].into()))))
        }
    }

    /// Tells whether such a body is received, and how long that took by a clock that does not wait.
    async fn check(pieces: usize, bytes: usize, pause_s: u64, expected: Option<u64>) {
        let folder = std::env::temp_dir().join(format!("vitalog-slow-{pieces}-{bytes}-{}", std::process::id()));
        let spool = Arc::new(Spool::open(&folder).expect("a spool"));
        let writing = spool.begin(0, Packing::Plain).expect("begun");
        let pause = Duration::from_secs(pause_s);
        let body = Body::new(Slow { pieces, bytes, pause, next: Box::pin(sleep(pause)) });
        let began = Instant::now();
        let received = receive(body, writing).await;
        let meta = received.ok().map(|(mut it, rest)| {
            it.push(&rest).expect("written");
            it.finish(Meta::default()).expect("whole").meta.bytes
        });
        assert_eq!(meta, expected, "{pieces} of {bytes} after {pause_s} s each");
        assert!(began.elapsed() <= Duration::from_secs(91), "{:?}", began.elapsed());
        std::fs::remove_dir_all(&folder).expect("removed");
    }

    #[tokio::test(start_paused = true)]
    async fn a_stranger_has_some_seconds_for_a_short_body() {
        let check = async |pieces: usize, pause_s: u64, is_crowded: bool, expected: Option<usize>| {
            let pause = Duration::from_secs(pause_s);
            let body = Body::new(Slow { pieces, bytes: 1, pause, next: Box::pin(sleep(pause)) });
            let began = Instant::now();
            let read = at_once(body, 4 << 10, is_crowded).await.map(|text| text.len());
            assert_eq!(read, expected, "{pieces} after {pause_s} s each");
            assert!(began.elapsed() <= if is_crowded { SHORT_IN_A_CROWD } else { SHORT } + Duration::from_millis(2));
        };
        check(3, 3, false, Some(3)).await;
        check(usize::MAX, 3, false, None).await;
        check(1, 1, true, Some(1)).await;
        check(3, 1, true, None).await;
    }

    #[tokio::test(start_paused = true)]
    async fn who_stops_or_crawls_is_let_go() {
        check(3, 1 << 20, 30, Some(3 << 20)).await;
        check(2, 1 << 20, 61, None).await;
        check(1_000, 1_000, 1, None).await;
        check(90, 1_024, 1, Some(90 << 10)).await;
        check(usize::MAX, 1, 5, None).await;
    }
}
