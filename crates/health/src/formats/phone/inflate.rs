//! Unpacks a body while it arrives: piece by piece into a writer, with a limit on what comes out.

use std::io::{self, Write};

use flate2::write::{GzDecoder, ZlibDecoder};

use crate::{ErrorKind, Result};

/// Times its packed size that a body may have once it is longer than [`FREE`].
const MAX_RATIO: u64 = 100;
/// Bytes of which nobody asks how well they were packed.
const FREE: u64 = 1 << 20;

/// How a body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Not at all.
    Plain,
    /// By `Content-Encoding: gzip`.
    Gzip,
    /// By `Content-Encoding: deflate`, which is the format of zlib.
    Deflate,
}

impl Packing {
    /// Reads the header `Content-Encoding`; `None` of what nobody can unpack.
    pub fn of_header(value: Option<&str>) -> Option<Self> {
        match value.unwrap_or_default().trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Some(Self::Plain),
            "gzip" | "x-gzip" => Some(Self::Gzip),
            "deflate" => Some(Self::Deflate),
            _ => None,
        }
    }
}

/// A body that is being unpacked.
pub struct Inflater<W: Write> {
    decoder: Decoder<W>,
    packing: Packing,
    taken: u64,
}

enum Decoder<W: Write> {
    Plain(Limited<W>),
    Gzip(Box<GzDecoder<Limited<W>>>),
    Zlib(Box<ZlibDecoder<Limited<W>>>),
}

/// A writer that takes so much and no more.
struct Limited<W> {
    inner: W,
    given: u64,
    limit: u64,
    /// What has come in, for the ratio.
    taken: u64,
    packed: bool,
    too_large: bool,
}

impl<W: Write> Write for Limited<W> {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let given = self.given + piece.len() as u64;
        let bomb = self.packed && given > FREE && given > self.taken.saturating_mul(MAX_RATIO);
        if given > self.limit || bomb {
            self.too_large = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.inner.write_all(piece)?;
        self.given = given;
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<W: Write> std::fmt::Debug for Inflater<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inflater").field("packing", &self.packing).field("taken", &self.taken).finish_non_exhaustive()
    }
}

impl<W: Write> Inflater<W> {
    /// Writes into `inner` at most `limit` bytes.
    pub fn new(packing: Packing, limit: u64, inner: W) -> Self {
        let packed = packing != Packing::Plain;
        let limited = Limited { inner, given: 0, limit, taken: 0, packed, too_large: false };
        let decoder = match packing {
            Packing::Plain => Decoder::Plain(limited),
            Packing::Gzip => Decoder::Gzip(Box::new(GzDecoder::new(limited))),
            Packing::Deflate => Decoder::Zlib(Box::new(ZlibDecoder::new(limited))),
        };
        Self { decoder, packing, taken: 0 }
    }

    /// Takes the next piece.
    ///
    /// Errors: larger than the limit; packed too well to be true; not packed as was said; what the writer says.
    pub fn push(&mut self, piece: &[u8]) -> Result<()> {
        self.taken += piece.len() as u64;
        let taken = self.taken;
        self.limited().taken = taken;
        let done = match &mut self.decoder {
            Decoder::Plain(to) => to.write_all(piece),
            Decoder::Gzip(to) => to.write_all(piece),
            Decoder::Zlib(to) => to.write_all(piece),
        };
        self.told(done)
    }

    /// Ends the body: nothing of it is missing.
    ///
    /// Errors: as of [`Self::push`].
    pub fn end(&mut self) -> Result<()> {
        let done = match &mut self.decoder {
            Decoder::Plain(to) => to.flush(),
            Decoder::Gzip(to) => to.try_finish(),
            Decoder::Zlib(to) => to.try_finish(),
        };
        self.told(done)
    }

    /// The writer, with what came out of the body so far.
    pub fn inner(&mut self) -> &mut W {
        &mut self.limited().inner
    }

    /// Ends the body and returns the writer, with how much it was given.
    pub fn finish(mut self) -> Result<(W, u64)> {
        self.end()?;
        let limited = match self.decoder {
            Decoder::Plain(to) => to,
            Decoder::Gzip(to) => to.finish()?,
            Decoder::Zlib(to) => to.finish()?,
        };
        Ok((limited.inner, limited.given))
    }

    fn limited(&mut self) -> &mut Limited<W> {
        match &mut self.decoder {
            Decoder::Plain(to) => to,
            Decoder::Gzip(to) => to.get_mut(),
            Decoder::Zlib(to) => to.get_mut(),
        }
    }

    fn told(&mut self, done: io::Result<()>) -> Result<()> {
        let Err(error) = done else { return Ok(()) };
        if self.limited().too_large {
            return Err(ErrorKind::TooLarge("the body of a request").into());
        }
        match error.kind() {
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
                Err(ErrorKind::Damaged("the body is not packed as it says".to_owned()).into())
            }
            _ => Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::{GzEncoder, ZlibEncoder};

    use super::*;

    fn gzip(body: &[u8]) -> Vec<u8> {
        let mut to = GzEncoder::new(Vec::new(), Compression::best());
        to.write_all(body).expect("memory");
        to.finish().expect("memory")
    }

    fn zlib(body: &[u8]) -> Vec<u8> {
        let mut to = ZlibEncoder::new(Vec::new(), Compression::best());
        to.write_all(body).expect("memory");
        to.finish().expect("memory")
    }

    /// What comes out of a body in pieces of seven bytes.
    fn unpack(header: &str, body: &[u8], limit: u64) -> std::result::Result<Vec<u8>, String> {
        let packing = Packing::of_header(Some(header)).ok_or("a packing that nobody knows")?;
        let mut to = Inflater::new(packing, limit, Vec::new());
        body.chunks(7).try_for_each(|piece| to.push(piece)).map_err(|error| error.to_string())?;
        let (out, length) = to.finish().map_err(|error| error.to_string())?;
        assert_eq!(out.len() as u64, length);
        Ok(out)
    }

    #[test]
    fn bodies_come_out_as_they_went_in() {
        let body = b"{\"data\":{}} and some more".repeat(50);
        assert_eq!(unpack("", &body, 1 << 20).as_ref(), Ok(&body));
        assert_eq!(unpack("GZIP", &gzip(&body), 1 << 20).as_ref(), Ok(&body));
        assert_eq!(unpack("deflate", &zlib(&body), 1 << 20).as_ref(), Ok(&body));
        assert_eq!(unpack("identity", b"", 0).as_deref(), Ok(&b""[..]));
        assert!(unpack("br", b"x", 9).is_err());
    }

    #[test]
    fn a_body_is_as_long_as_its_limit_and_no_longer() {
        let body = b"0123456789".repeat(10);
        for (header, packed) in [("", body.clone()), ("gzip", gzip(&body)), ("deflate", zlib(&body))] {
            assert!(unpack(header, &packed, 100).is_ok());
            assert!(unpack(header, &packed, 99).expect_err("too long").contains("larger than the limit"));
        }
    }

    #[test]
    fn a_bomb_is_stopped_after_its_first_million() {
        let bomb = gzip(&vec![b' '; 8 << 20]);
        assert!(bomb.len() * 100 < 8 << 20);
        assert!(unpack("gzip", &bomb, u64::MAX).expect_err("a bomb").contains("larger than the limit"));
        let small = vec![b' '; 1 << 20];
        assert_eq!(unpack("gzip", &gzip(&small), u64::MAX), Ok(small));
    }

    #[test]
    fn what_is_not_packed_as_it_says_is_damaged() {
        let packed = gzip(b"0123456789");
        for body in [&b"{}"[..], &packed[..packed.len() - 9], b""] {
            assert!(unpack("gzip", body, 99).is_err(), "{body:?}");
        }
        assert!(unpack("gzip", b"{} and more than a header", 99).expect_err("damaged").contains("damaged"));
    }
}
