//! Finding what the settings only point at: passwords, secrets, tokens, certificates. They live in memory only.

use super::error::CliError;
use super::terminal::Terminal;
use crate::config::settings::{Bind, CredentialKind, SecretSource, Settings};
use crate::directory::connected::Access;
use crate::directory::entra::assertion::SigningCertificate;
use crate::directory::entra::credential::Credential;
use crate::directory::scrub::remember;
use crate::model::id::DomainName;
use crate::store::files;
use secrecy::{ExposeSecret as _, SecretString};
use std::collections::BTreeMap;
use std::path::Path;

/// What connecting to AD needs.
#[derive(Default)]
pub struct AdAccess {
    /// The bind password of each domain that has one.
    pub passwords: BTreeMap<DomainName, SecretString>,
    /// The content of each domain's `ca_file`, if it has one.
    pub authorities: BTreeMap<DomainName, Vec<u8>>,
}

/// Everything that connecting needs. Relative paths are relative to `root`, the folder of `matchplan.toml`.
pub async fn access(settings: &Settings, root: &Path, terminal: Terminal) -> Result<Access, CliError> {
    let entra = credential(&settings.entra.credential, root, terminal).await?;
    let AdAccess { passwords, authorities } = ad_access(settings, root, terminal).await?;
    Ok(Access { passwords, authorities, entra })
}

/// What connecting to AD alone needs: no credential of Entra's is looked for.
pub async fn ad_access(settings: &Settings, root: &Path, terminal: Terminal) -> Result<AdAccess, CliError> {
    let mut access = AdAccess::default();
    for ad in &settings.ad {
        if let Bind::Simple { user, password } = &ad.bind {
            let what = format!("Password of {user} in {}", ad.name);
            access.passwords.insert(ad.name.clone(), secret(password, &what, root, terminal).await?);
        }
        if let Some(file) = &ad.ca_file {
            let path = root.join(file);
            let pem = files::read_whole(&path, files::LARGEST_SECRET).map_err(|error| {
                CliError::file("read", &path, &error).hint(format!("`ca_file` of [[ad]] {} names it.", ad.name))
            })?;
            access.authorities.insert(ad.name.clone(), pem);
        }
    }
    Ok(access)
}

async fn credential(kind: &CredentialKind, root: &Path, terminal: Terminal) -> Result<Credential, CliError> {
    Ok(match kind {
        CredentialKind::AzureCli => {
            Credential::AzureCli { program: if cfg!(windows) { "az.cmd" } else { "az" }.to_owned() }
        }
        CredentialKind::ClientSecret { client_id, secret: source } => Credential::ClientSecret {
            client_id: client_id.clone(),
            secret: secret(source, &format!("Client secret of {client_id}"), root, terminal).await?,
        },
        CredentialKind::ClientCertificate { client_id, certificate_file, key_file } => {
            let read = |file: &Path| {
                let path = root.join(file);
                secret_file(&path).map(SecretString::from)
            };
            let certificate = read(certificate_file)?;
            let key = key_file.as_deref().map_or_else(|| Ok(certificate.clone()), read)?;
            Credential::ClientCertificate {
                client_id: client_id.clone(),
                certificate: Box::new(SigningCertificate::from_pem(certificate.expose_secret(), &key)?),
            }
        }
        CredentialKind::AccessToken { env } => {
            Credential::AccessToken(secret(&SecretSource::Env(env.clone()), "Access token", root, terminal).await?)
        }
    })
}

/// The text of a file that holds a secret. Where it is no text, nothing of it is shown.
fn secret_file(path: &Path) -> Result<String, CliError> {
    let octets = files::read_whole(path, files::LARGEST_SECRET);
    let octets = octets.map_err(|error| CliError::file("read", path, &error))?;
    String::from_utf8(octets).map_err(|_| {
        CliError::plain(format!("Could not read {}: it is not UTF-8 text.", path.display()))
            .hint("A password or key file is UTF-8; in PowerShell, write it with `Out-File -Encoding utf8`.")
    })
}

async fn secret(source: &SecretSource, what: &str, root: &Path, terminal: Terminal) -> Result<SecretString, CliError> {
    let found = find(source, what, root, terminal).await?;
    remember(found.expose_secret());
    Ok(found)
}

/// What the environment holds in secrets, by the names of its variables: whatever a sync command prints of it must not
/// come out. A proxy's password is one of them.
pub fn remember_environment() {
    const WORDS: [&str; 7] = ["PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "TOKEN", "API_KEY", "PRIVATE_KEY"];
    for (name, value) in std::env::vars_os() {
        let (name, Some(value)) = (name.to_string_lossy().to_uppercase(), value.to_str()) else { continue };
        // Flags and numbers are called so, too.
        if value.len() >= 8 && WORDS.iter().any(|word| name.contains(word)) {
            remember(value);
        }
        if name.ends_with("_PROXY")
            && let Ok(url) = url::Url::parse(value)
            && let Some(password) = url.password()
        {
            remember(password);
            remember(&percent_encoding::percent_decode_str(password).decode_utf8_lossy());
        }
    }
}

async fn find(source: &SecretSource, what: &str, root: &Path, terminal: Terminal) -> Result<SecretString, CliError> {
    match source {
        SecretSource::Env(name) => match std::env::var(name) {
            Ok(value) if !value.is_empty() => Ok(value.into()),
            Ok(_) | Err(std::env::VarError::NotPresent) => {
                Err(CliError::plain(format!("{what}: the environment variable {name} is not set."))
                    .hint(format!("Set {name}, or let matchplan.toml name a file or \"prompt\".")))
            }
            Err(std::env::VarError::NotUnicode(_)) => {
                Err(CliError::plain(format!("{what}: the environment variable {name} is not UTF-8 text.")))
            }
        },
        SecretSource::File(file) => {
            let path = root.join(file);
            let text = secret_file(&path)?;
            let value = text.strip_suffix('\n').unwrap_or(&text);
            Ok(value.strip_suffix('\r').unwrap_or(value).to_owned().into())
        }
        SecretSource::Prompt => terminal.secret(what).await,
    }
}
