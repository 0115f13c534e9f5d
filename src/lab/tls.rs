//! A throw-away certificate authority and a server certificate for the lab's servers. The keys live in memory only.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use std::sync::Arc;
use tokio_rustls::rustls::ServerConfig;

/// The names that the server certificate is good for.
const NAMES: [&str; 2] = ["localhost", "127.0.0.1"];

/// Why no certificate could be made.
#[derive(Debug, thiserror::Error)]
pub enum LabTlsError {
    /// The certificate itself.
    #[error("the lab could not make its certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// Its use in a server.
    #[error("the lab could not use its certificate: {0}")]
    Server(#[from] tokio_rustls::rustls::Error),
}

/// What the lab's servers encrypt with. Every run makes a new one, so nothing that trusts an old one trusts this.
#[derive(Clone, Debug)]
pub struct LabTls {
    ca: CertificateDer<'static>,
    ca_pem: String,
    server: Arc<ServerConfig>,
}

impl LabTls {
    /// Makes an authority and, signed by it, a certificate for `localhost` and `127.0.0.1`.
    pub fn generate() -> Result<Self, LabTlsError> {
        let ca_key = KeyPair::generate()?;
        let mut ca = CertificateParams::default();
        ca.distinguished_name.push(DnType::CommonName, "matchplan lab, throw-away authority");
        ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let ca_certificate = ca.self_signed(&ca_key)?;
        let issuer = Issuer::new(ca, ca_key);

        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(NAMES.map(str::to_owned).to_vec())?;
        params.distinguished_name.push(DnType::CommonName, "matchplan lab");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &issuer)?;

        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let server = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)?;
        let ca_pem = ca_certificate.pem();
        Ok(Self { ca: ca_certificate.der().clone(), ca_pem, server: Arc::new(server) })
    }

    /// The authority's certificate in PEM, for clients to trust. It is public.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// The authority's certificate in DER.
    pub fn ca_der(&self) -> &CertificateDer<'static> {
        &self.ca
    }

    /// The configuration of a TLS server with this certificate.
    pub fn server_config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.server)
    }
}
