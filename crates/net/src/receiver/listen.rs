//! Ports and connections: who may connect, how many, and how long a handshake and a request's head may take.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::guard::{self, Ends};
use super::shared::Shared;
use super::{check_private, handle, secure};
use crate::error::{ErrorKind, Result};

/// How long the head of a request may take.
const HEAD: Duration = Duration::from_secs(10);
/// The same where half of all places are taken: who is slow on purpose gives them back before a phone gives up.
const HEAD_IN_A_CROWD: Duration = Duration::from_secs(2);
/// Bytes of a head.
const MAX_HEAD: usize = 32 << 10;
/// How long accepting rests where the system has no connections left.
const REST: Duration = Duration::from_millis(100);

/// Binds every address. A port that is taken is an error and never another port: apps were told this one.
pub(super) async fn bind(addresses: &[SocketAddr]) -> Result<Vec<TcpListener>> {
    let mut listeners = Vec::new();
    for address in addresses {
        check_private(*address)?;
        listeners.push(TcpListener::bind(address).await.map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => ErrorKind::InUse(*address),
            _ => ErrorKind::NoAddress(*address, error),
        })?);
    }
    Ok(listeners)
}

/// Accepts connections until it is told to stop.
pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>, mut stopped: watch::Receiver<bool>) {
    let router = Router::new().fallback(handle::request).with_state(Arc::clone(&shared));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.changed() => return,
        };
        let Ok((stream, peer)) = accepted else {
            tokio::time::sleep(REST).await;
            continue;
        };
        let Ok(local) = stream.local_addr() else { continue };
        let ends = Ends { peer, local, is_secure: false };
        // Strangers are not even told that they are.
        if !guard::may_come(ends, shared.config.shared_addresses) {
            continue;
        }
        let Some(entered) = shared.connections.enter(guard::plain(peer.ip())) else { continue };
        let (router, stopped, shared) = (router.clone(), stopped.clone(), Arc::clone(&shared));
        tokio::spawn(async move {
            let head = if shared.connections.is_crowded() { HEAD_IN_A_CROWD } else { HEAD };
            connection(stream, ends, router, &shared, stopped, head).await;
            drop(entered);
        });
    }
}

async fn connection(
    stream: TcpStream,
    ends: Ends,
    router: Router,
    shared: &Shared,
    mut stopped: watch::Receiver<bool>,
    head: Duration,
) {
    let _ = stream.set_nodelay(true);
    let Some(shown) = shared.secure.shown() else { return serve_http(stream, ends, router, stopped, head).await };
    let secured = async {
        match secure::is_handshake(&stream).await {
            true => shown.accept(stream).await.map(Ok),
            false => Some(Err(stream)),
        }
    };
    // A handshake has the time that a head has.
    let secured = tokio::select! {
        secured = tokio::time::timeout(head, secured) => secured,
        _ = stopped.changed() => return,
    };
    match secured {
        Ok(Some(Ok(stream))) => serve_http(stream, Ends { is_secure: true, ..ends }, router, stopped, head).await,
        Ok(Some(Err(stream))) => serve_http(stream, ends, router, stopped, head).await,
        Ok(None) | Err(_) => {}
    }
}

async fn serve_http(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ends: Ends,
    router: Router,
    mut stopped: watch::Receiver<bool>,
    head: Duration,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(head).max_buf_size(MAX_HEAD);
    let service = TowerToHyperService::new(router.layer(Extension(ends)));
    let connection = http.serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopped.changed() => connection.as_mut().graceful_shutdown(),
    }
    // What is wrong with a connection is the other side's business.
    let _ = connection.await;
}
