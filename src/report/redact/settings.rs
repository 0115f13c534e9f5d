//! Settings with ids instead of names.

use super::Redactor;
use crate::config::matchplan::CloudSelector;
use crate::config::settings::{
    AdSettings, Bind, Command, CredentialKind, EntraSettings, Guard, Hold, SecretSource, Settings, SyncSettings,
    Trigger,
};
use std::path::{Path, PathBuf};

impl Redactor {
    pub(super) fn settings(&mut self, settings: &Settings) -> Settings {
        let Settings { entra, ad, sync, guard, plan_ttl, state } = settings;
        let EntraSettings { tenant, cloud, credential, limits } = entra;
        Settings {
            entra: EntraSettings {
                tenant: tenant.clone(),
                cloud: cloud.clone(),
                credential: self.credential(credential),
                limits: *limits,
            },
            ad: ad.iter().map(|ad| self.ad_settings(ad)).collect(),
            sync: self.sync(sync),
            guard: self.guard(guard),
            plan_ttl: *plan_ttl,
            state: self.path(state),
        }
    }

    fn credential(&mut self, credential: &CredentialKind) -> CredentialKind {
        match credential {
            CredentialKind::AzureCli => CredentialKind::AzureCli,
            CredentialKind::AccessToken { env } => CredentialKind::AccessToken { env: env.clone() },
            CredentialKind::ClientSecret { client_id, secret } => {
                CredentialKind::ClientSecret { client_id: client_id.clone(), secret: self.secret_source(secret) }
            }
            CredentialKind::ClientCertificate { client_id, certificate_file, key_file } => {
                CredentialKind::ClientCertificate {
                    client_id: client_id.clone(),
                    certificate_file: self.path(certificate_file),
                    key_file: key_file.as_deref().map(|file| self.path(file)),
                }
            }
        }
    }

    fn secret_source(&mut self, source: &SecretSource) -> SecretSource {
        match source {
            SecretSource::File(file) => SecretSource::File(self.path(file)),
            SecretSource::Env(_) | SecretSource::Prompt => source.clone(),
        }
    }

    fn path(&mut self, path: &Path) -> PathBuf {
        PathBuf::from(self.names.sentence(&path.to_string_lossy()))
    }

    fn ad_settings(&mut self, settings: &AdSettings) -> AdSettings {
        let AdSettings { name, url, starttls, allow_plain, ca_file, base_dn, bind, source_anchor } = settings;
        let bind = match bind {
            Bind::Simple { user, password } => {
                Bind::Simple { user: self.names.name(user), password: self.secret_source(password) }
            }
            Bind::Kerberos => Bind::Kerberos,
        };
        AdSettings {
            name: name.clone(),
            url: url.clone(),
            starttls: *starttls,
            allow_plain: *allow_plain,
            ca_file: ca_file.as_deref().map(|file| self.path(file)),
            base_dn: base_dn.clone(),
            bind,
            source_anchor: *source_anchor,
        }
    }

    fn sync(&mut self, sync: &SyncSettings) -> SyncSettings {
        let SyncSettings { engine, synced_ous, trigger, status, hold, timeout, poll, on_timeout } = sync;
        SyncSettings {
            engine: *engine,
            synced_ous: synced_ous.iter().map(|ou| self.container(ou)).collect(),
            trigger: match trigger {
                Trigger::Command(command) => Trigger::Command(self.command(command)),
                // Ids of objects in the tenant, which say nothing of a person.
                Trigger::ProvisionOnDemand(on_demand) => Trigger::ProvisionOnDemand(on_demand.clone()),
                Trigger::Wait => Trigger::Wait,
            },
            status: status.as_ref().map(|command| self.command(command)),
            hold: hold
                .as_ref()
                .map(|Hold { hold, release }| Hold { hold: self.command(hold), release: self.command(release) }),
            timeout: *timeout,
            poll: *poll,
            on_timeout: *on_timeout,
        }
    }

    fn command(&mut self, command: &Command) -> Command {
        let words: Vec<String> = Vec::from(command.clone()).iter().map(|word| self.names.sentence(word)).collect();
        Command::try_from(words).unwrap_or_else(|_| command.clone())
    }

    fn guard(&mut self, guard: &Guard) -> Guard {
        let Guard { max_links, max_role_removals, max_suspended, min_global_admins, max_failures, protect } = guard;
        let protect = protect.iter().map(|selector| match selector {
            CloudSelector::Id(id) => CloudSelector::Id(*id),
            CloudSelector::Upn(upn) => CloudSelector::Upn(self.names.value(upn.as_str()).into()),
        });
        Guard {
            protect: protect.collect(),
            max_links: *max_links,
            max_role_removals: *max_role_removals,
            max_suspended: *max_suspended,
            min_global_admins: *min_global_admins,
            max_failures: *max_failures,
        }
    }
}
