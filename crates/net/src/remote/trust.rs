//! Which certificate of a server is believed: one that the system believes, or the one that the owner said yes to.

use std::sync::{Arc, Mutex, PoisonError};

use health::digest::{hex, sha256};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use crate::error::{ErrorKind, Result};

/// What was wrong with a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Doubt {
    /// Nobody whom the system believes has signed it: its SHA-256. The owner may say yes to it.
    Unknown(String),
    /// It is another one than the owner said yes to: its SHA-256.
    Changed(String),
    /// It is no good: it is over, for another name, or broken.
    Bad,
}

impl From<Doubt> for ErrorKind {
    fn from(doubt: Doubt) -> Self {
        match doubt {
            Doubt::Unknown(fingerprint) => Self::UnknownCertificate(fingerprint),
            Doubt::Changed(fingerprint) => Self::ChangedCertificate(fingerprint),
            Doubt::Bad => Self::BadCertificate,
        }
    }
}

/// Believes what the system believes; of an owner's own certificate that one alone.
#[derive(Debug)]
pub(super) struct Trust {
    system: rustls_platform_verifier::Verifier,
    provider: Arc<CryptoProvider>,
    pinned: Option<String>,
    doubt: Mutex<Option<Doubt>>,
}

impl Trust {
    /// One with the SHA-256 of the owner's certificate, in hexadecimal digits.
    pub fn new(pinned: Option<&str>) -> Result<Arc<Self>> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let system = rustls_platform_verifier::Verifier::new(provider.clone())
            .map_err(|error| ErrorKind::Certificate(error.to_string()))?;
        Ok(Arc::new(Self { system, provider, pinned: pinned.map(str::to_lowercase), doubt: Mutex::default() }))
    }

    /// How to speak with a server.
    pub fn config(self: &Arc<Self>) -> Result<ClientConfig> {
        let builder = ClientConfig::builder_with_provider(self.provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| ErrorKind::Certificate(error.to_string()))?;
        Ok(builder.dangerous().with_custom_certificate_verifier(self.clone()).with_no_client_auth())
    }

    /// What was wrong with the last certificate that was not believed.
    pub fn take_doubt(&self) -> Option<Doubt> {
        self.doubt.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn refuse(&self, doubt: Doubt, error: rustls::Error) -> rustls::Error {
        *self.doubt.lock().unwrap_or_else(PoisonError::into_inner) = Some(doubt);
        error
    }

    /// Whether the owner's certificate is good now. It needs no name and nobody who signed it: whoever has its key is
    /// the one that the owner meant. But it ends.
    fn is_in_time(&self, own: &CertificateDer<'_>, name: &ServerName<'_>, now: UnixTime) -> bool {
        let mut roots = RootCertStore::empty();
        if roots.add(own.clone().into_owned()).is_err() {
            return false;
        }
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), self.provider.clone()).build();
        let Ok(verifier) = verifier else { return false };
        let verified = verifier.verify_server_cert(own, &[], name, &[], now);
        !matches!(verified, Err(rustls::Error::InvalidCertificate(error)) if is_out_of_time(&error))
    }
}

fn is_out_of_time(error: &CertificateError) -> bool {
    use CertificateError::{BadEncoding, Expired, ExpiredContext, NotValidYet, NotValidYetContext};
    matches!(error, Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. } | BadEncoding)
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        own: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        let fingerprint = hex(&sha256(own));
        if let Some(pinned) = &self.pinned {
            if *pinned != fingerprint {
                let error = CertificateError::ApplicationVerificationFailure.into();
                return Err(self.refuse(Doubt::Changed(fingerprint), error));
            }
            if !self.is_in_time(own, name, now) {
                return Err(self.refuse(Doubt::Bad, CertificateError::Expired.into()));
            }
            return Ok(ServerCertVerified::assertion());
        }
        self.system.verify_server_cert(own, between, name, ocsp, now).map_err(|error| {
            let is_unknown = matches!(
                error,
                rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::Other(_))
            );
            let is_good = is_unknown && self.is_in_time(own, name, now);
            self.refuse(if is_good { Doubt::Unknown(fingerprint) } else { Doubt::Bad }, error)
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        own: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, own, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        own: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, own, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
