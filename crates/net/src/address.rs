//! The address by which this computer is reached.

use std::net::{IpAddr, Ipv4Addr, UdpSocket};

/// An address for documentation: nobody is there, and nothing is sent.
const NOWHERE: (Ipv4Addr, u16) = (Ipv4Addr::new(192, 0, 2, 1), 9);

/// Returns the address of the interface with the default route; none without one. Nothing leaves this computer: the
/// system is only asked which way a packet would take.
pub fn address() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect(NOWHERE).ok()?;
    let ip = socket.local_addr().ok()?.ip();
    (!ip.is_unspecified() && !ip.is_loopback()).then_some(ip)
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_address_is_one_of_this_computer() {
        if let Some(ip) = super::address() {
            assert!(std::net::UdpSocket::bind((ip, 0)).is_ok(), "{ip}");
        }
    }
}
