//! The line to a database: plain or encrypted, with so many bytes to be read at most.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// What a database says first: that it knows us or wants to, that it does not, or a remark. Others begin otherwise, and
/// might be waited for as if a long message came.
const FIRST: &[u8; 4] = b"REvN";

/// What goes over the network.
pub(super) enum Wire {
    /// As it is.
    Plain(TcpStream),
    /// Encrypted.
    Tls(Box<TlsStream<TcpStream>>),
}

/// A wire that is read no further than was allowed.
pub(super) struct Line {
    wire: Wire,
    left: Arc<AtomicUsize>,
    is_new: bool,
}

impl Line {
    /// One with the number of bytes that may still be read; it is nothing once they are used up.
    pub fn new(wire: Wire, left: Arc<AtomicUsize>) -> Self {
        Self { wire, left, is_new: true }
    }
}

impl AsyncRead for Line {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = match &mut self.wire {
            Wire::Plain(wire) => Pin::new(wire).poll_read(cx, buf),
            Wire::Tls(wire) => Pin::new(wire).poll_read(cx, buf),
        };
        let n = buf.filled().len() - before;
        if let Some(first) = buf.filled().get(before).filter(|_| self.is_new) {
            self.is_new = false;
            if !FIRST.contains(first) {
                return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
            }
        }
        match self.left.load(Ordering::Relaxed).checked_sub(n).filter(|left| *left > 0) {
            Some(left) => self.left.store(left, Ordering::Relaxed),
            None => {
                self.left.store(0, Ordering::Relaxed);
                return Poll::Ready(Err(io::ErrorKind::FileTooLarge.into()));
            }
        }
        read
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.wire {
            Wire::Plain(wire) => Pin::new(wire).poll_write(cx, buf),
            Wire::Tls(wire) => Pin::new(wire).poll_write(cx, buf),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.wire {
            Wire::Plain(wire) => Pin::new(wire).poll_flush(cx),
            Wire::Tls(wire) => Pin::new(wire).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.wire {
            Wire::Plain(wire) => Pin::new(wire).poll_shutdown(cx),
            Wire::Tls(wire) => Pin::new(wire).poll_shutdown(cx),
        }
    }
}
