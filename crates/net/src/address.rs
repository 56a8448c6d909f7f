//! The address by which this computer is reached.

use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::process::Command;

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

/// Whether an address is one of this computer, now. Nothing is sent.
pub fn is_own(ip: IpAddr) -> bool {
    UdpSocket::bind((ip, 0)).is_ok()
}

/// Whether an address is one of a private network, or this computer's own.
pub fn is_private(ip: IpAddr, shared: bool) -> bool {
    ip.is_loopback() || crate::receiver::is_private(ip, shared)
}

/// What this computer is called; none where it does not say.
pub fn computer_name() -> Option<String> {
    let kernel = || std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let variable = || std::env::var("COMPUTERNAME").ok();
    let asked = || String::from_utf8(Command::new("hostname").output().ok()?.stdout).ok();
    let name = kernel().or_else(variable).or_else(asked)?;
    // The rest of a long name says where it is, and to whom it belongs.
    let name = name.trim().split('.').next().unwrap_or_default().to_owned();
    (!name.is_empty() && name != "localhost").then_some(name)
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_address_is_one_of_this_computer() {
        if let Some(ip) = super::address() {
            assert!(super::is_own(ip), "{ip}");
        }
        assert!(super::is_own([127, 0, 0, 1].into()) && !super::is_own([203, 0, 113, 7].into()));
    }
}
