//! How matchplan proves who it is. Secrets come in from outside (environment, file, prompt) and stay in memory.

use super::assertion::SigningCertificate;
use secrecy::SecretString;

/// A credential, ready to be used.
#[derive(Debug)]
pub enum Credential {
    /// The signed-in Azure CLI.
    AzureCli {
        /// The program: `az`, and `az.cmd` on Windows.
        program: String,
    },
    /// An application and its secret.
    ClientSecret {
        /// Application (client) id.
        client_id: String,
        /// The secret's value.
        secret: SecretString,
    },
    /// An application and its certificate.
    ClientCertificate {
        /// Application (client) id.
        client_id: String,
        /// The certificate with its key.
        certificate: Box<SigningCertificate>,
    },
    /// A ready access token, which cannot be renewed.
    AccessToken(SecretString),
}
