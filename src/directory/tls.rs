//! One TLS for LDAP and HTTP: rustls with the ring provider, trusting what the machine trusts.

use super::error::{DirectoryError, ErrorKind};
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use std::error::Error;
use std::io;
use std::sync::{Arc, OnceLock};

/// A client configuration that trusts the platform's roots (on Windows and macOS the system's own verifier, so that
/// inspecting proxies and enterprise roots work) and the certificates in `authorities`, the text of a PEM file.
///
/// On a machine without any root certificate nothing is trusted: a connection without TLS still works, and every other
/// ends as [`ErrorKind::Untrusted`]. Errors: `authorities` is not PEM, holds no certificate, or one that is unusable.
pub fn client_config(authorities: Option<&[u8]>) -> Result<Arc<ClientConfig>, DirectoryError> {
    /// The machine's roots alone, read once: there are hundreds, and Graph and each domain ask for them.
    static PLAIN: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if authorities.is_some() {
        return build(authorities);
    }
    if let Some(known) = PLAIN.get() {
        return Ok(Arc::clone(known));
    }
    let config = build(None)?;
    Ok(Arc::clone(PLAIN.get_or_init(|| config)))
}

fn build(authorities: Option<&[u8]>) -> Result<Arc<ClientConfig>, DirectoryError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let extra = authorities.map(read_authorities).transpose()?.unwrap_or_default();
    let has_extra = !extra.is_empty();
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|e| broken("set up TLS", &e))?;
    let config = match rustls_platform_verifier::Verifier::new_with_extra_roots(extra, provider) {
        Ok(verifier) => {
            let verifier: Arc<dyn ServerCertVerifier> = Arc::new(verifier);
            builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()
        }
        Err(e) if has_extra => return Err(broken("use the certificates of ca_file", &e)),
        Err(_) => builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth(),
    };
    Ok(Arc::new(config))
}

fn read_authorities(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, DirectoryError> {
    let certificates: Vec<_> =
        CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|e| broken("read ca_file", &e))?;
    if certificates.is_empty() {
        return Err(DirectoryError::new(ErrorKind::Broken, "read ca_file", "it holds no certificate").with_hint(
            "ca_file is a PEM file: at least one block that begins with -----BEGIN CERTIFICATE-----; \
             convert a .cer file with `openssl x509 -inform der -in ca.cer -out ca.pem`",
        ));
    }
    Ok(certificates)
}

fn broken(what: &str, error: &dyn Error) -> DirectoryError {
    DirectoryError::new(ErrorKind::Broken, what, error.to_string())
}

/// Why the server's certificate was refused, if that is what `error` is about: looks through the whole chain of causes,
/// since `ldap3` and `reqwest` wrap rustls's error in `io::Error`s and boxes of their own.
pub fn certificate_problem(error: &(dyn Error + 'static)) -> Option<String> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(rustls::Error::InvalidCertificate(reason)) = error.downcast_ref() {
            return Some(explain(reason));
        }
        // `io::Error::source` is the source *of* the error that it wraps, which would skip that one.
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match wrapped {
            Some(inner) => Some(inner as &(dyn Error + 'static)),
            None => error.source(),
        };
    }
    None
}

/// The reason in a few words; rustls's own where they are clear enough.
fn explain(reason: &rustls::CertificateError) -> String {
    use rustls::CertificateError as E;
    match reason {
        E::UnknownIssuer => "the server's certificate comes from an authority that this machine does not trust".into(),
        E::Expired | E::ExpiredContext { .. } => "the server's certificate has expired".into(),
        E::NotValidYet | E::NotValidYetContext { .. } => "the server's certificate is not valid yet".into(),
        E::NotValidForName | E::NotValidForNameContext { .. } => {
            format!("the server's certificate is for another name ({reason})")
        }
        other => format!("the server's certificate is not usable ({other})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_certificate_is_found_under_wrapped_errors() {
        let rustls = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let wrapped = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, rustls));
        assert!(certificate_problem(&wrapped).unwrap().contains("does not trust"));
        assert_eq!(certificate_problem(&io::Error::other("reset")), None);
    }

    #[test]
    fn a_ca_file_without_certificates_is_refused_with_a_hint() {
        let error = client_config(Some(b"0\x82not pem")).unwrap_err();
        assert!(error.hint.unwrap().contains("BEGIN CERTIFICATE"));
        assert!(client_config(Some(b"-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n")).is_err());
    }
}
