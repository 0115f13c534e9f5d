//! The checked types of `matchplan.toml`: where the directories are, how they sync, and the brakes.
//!
//! A value of these types has passed every check of the reader. They name where secrets are found (an environment
//! variable, a file, the prompt), never a secret. File paths are as written: relative ones are meant relative to the
//! folder of `matchplan.toml`.

use super::matchplan::CloudSelector;
use crate::model::anchor::SourceAnchor;
use crate::model::dn::Dn;
use crate::model::id::{DomainName, ObjectId, SyncId};
use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;
use url::Url;

/// Everything in `matchplan.toml`, with defaults filled in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `[entra]`: the tenant and how to sign in.
    pub entra: EntraSettings,
    /// `[[ad]]`: one per domain, in file order; at least one, names unique without regard to case.
    pub ad: Vec<AdSettings>,
    /// `[sync]`: the engine between the two.
    pub sync: SyncSettings,
    /// `[guard]`: the brakes.
    pub guard: Guard,
    /// How long a saved plan may be applied after it was made.
    pub plan_ttl: SignedDuration,
    /// The state file.
    pub state: PathBuf,
}

impl Settings {
    /// [`Settings::plan_ttl`] where nothing is said.
    pub const DEFAULT_PLAN_TTL: SignedDuration = SignedDuration::from_hours(72);
    /// [`Settings::state`] where nothing is said.
    pub const DEFAULT_STATE: &str = "matchplan.state.json";

    /// The sections of `matchplan.toml` in which two settings differ, as they are written there.
    pub fn differing(&self, other: &Self) -> Vec<&'static str> {
        let Self { entra, ad, sync, guard, plan_ttl, state } = self;
        let sections = [
            ("[entra]", *entra != other.entra),
            ("[[ad]]", *ad != other.ad),
            ("[sync]", *sync != other.sync),
            ("[guard]", *guard != other.guard),
            ("plan_ttl", *plan_ttl != other.plan_ttl),
            ("state", *state != other.state),
        ];
        sections.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
    }

    /// The domain of that name, without regard to case.
    pub fn domain(&self, name: &DomainName) -> Option<&AdSettings> {
        self.ad.iter().find(|ad| ad.name.as_str().eq_ignore_ascii_case(name.as_str()))
    }

    /// The source anchor of a domain; the default for one that is not configured.
    pub fn source_anchor(&self, name: &DomainName) -> SourceAnchor {
        self.domain(name).map(|ad| ad.source_anchor).unwrap_or_default()
    }

    /// The domain whose base is the longest one above `dn`: a child domain's base lies below its parent's.
    pub fn domain_of(&self, dn: &Dn) -> Option<&AdSettings> {
        self.ad.iter().filter(|ad| dn.is_under(&ad.base_dn)).max_by_key(|ad| ad.base_dn.as_str().len())
    }
}

/// `[entra]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EntraSettings {
    /// The tenant: one of its domains, or its id.
    pub tenant: TenantName,
    /// Which of Microsoft's clouds it lives in.
    pub cloud: Cloud,
    /// How to get a token.
    pub credential: CredentialKind,
    /// How much may be asked of Graph, where that is not what Microsoft publishes.
    #[serde(default, skip_serializing_if = "GraphLimits::is_published")]
    pub limits: GraphLimits,
}

/// How much this program may ask of Graph: the limits hold for each application in each tenant, so that one whose
/// application also works for others takes only its share. Where nothing is said, the published limit holds
/// (Microsoft Graph, "Microsoft Graph service-specific throttling limits", identity and access).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GraphLimits {
    /// Writes in 150 seconds; 3,000 are published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writes: Option<u32>,
    /// Resource units in 10 seconds; 3,500, 5,000 or 8,000 are published, by the size of the tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_units: Option<u32>,
}

impl GraphLimits {
    /// Less than one batch of requests could never be sent.
    pub const LEAST: u32 = 20;

    /// Whether nothing but what is published is asked for.
    pub const fn is_published(&self) -> bool {
        self.writes.is_none() && self.resource_units.is_none()
    }
}

impl EntraSettings {
    /// The application (client) id that signs in, where the settings say it.
    pub fn client_id(&self) -> Option<&str> {
        match &self.credential {
            CredentialKind::ClientSecret { client_id, .. } | CredentialKind::ClientCertificate { client_id, .. } => {
                Some(client_id)
            }
            CredentialKind::AzureCli | CredentialKind::AccessToken { .. } => None,
        }
    }
}

/// A tenant as people name it: a domain such as `contoso.onmicrosoft.com`, or the tenant id. Safe as a path segment of
/// a URL: letters, digits, `-` and `.` only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct TenantName(String);

/// Why a text cannot name a tenant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither a domain (such as contoso.onmicrosoft.com) nor a tenant id (a GUID)")]
pub struct TenantNameError(pub String);

impl TenantName {
    /// Reads a domain or a GUID. The multi-tenant names `common`, `organizations` and `consumers` are refused: they
    /// name no tenant.
    pub fn parse(text: &str) -> Result<Self, TenantNameError> {
        let is_guid = uuid::Uuid::try_parse(text).is_ok() && text.len() == 36;
        let is_label = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let is_domain = text.contains('.') && text.len() <= 253 && text.split('.').all(is_label);
        if is_guid || is_domain { Ok(Self(text.to_owned())) } else { Err(TenantNameError(text.to_owned())) }
    }

    /// The name as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TenantName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for TenantName {
    type Error = TenantNameError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<TenantName> for String {
    fn from(name: TenantName) -> Self {
        name.0
    }
}

/// One of Microsoft's clouds. Tokens of one are not valid in another.
///
/// Source: Microsoft Graph, "National cloud deployments".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Cloud {
    /// The worldwide service, and GCC.
    #[default]
    Global,
    /// US Government L4.
    GccHigh,
    /// US Government L5 (DoD).
    Dod,
    /// China, operated by 21Vianet.
    China,
    /// Hosts given in the file: for clouds whose hosts are not public, and for the lab. HTTPS, or HTTP on loopback.
    Custom {
        /// Base of the sign-in service: `{login}/{tenant}/oauth2/v2.0/token`.
        #[schemars(with = "String")]
        login: Url,
        /// Base of Graph: `{graph}/v1.0/users`.
        #[schemars(with = "String")]
        graph: Url,
    },
}

impl Cloud {
    /// Base URL of the sign-in service, without a slash at the end.
    pub fn login_host(&self) -> String {
        match self {
            Self::Global => "https://login.microsoftonline.com".to_owned(),
            Self::GccHigh | Self::Dod => "https://login.microsoftonline.us".to_owned(),
            Self::China => "https://login.chinacloudapi.cn".to_owned(),
            Self::Custom { login, .. } => login.as_str().trim_end_matches('/').to_owned(),
        }
    }

    /// Base URL of Graph, without version and without a slash at the end.
    pub fn graph_host(&self) -> String {
        match self {
            Self::Global => "https://graph.microsoft.com".to_owned(),
            Self::GccHigh => "https://graph.microsoft.us".to_owned(),
            Self::Dod => "https://dod-graph.microsoft.us".to_owned(),
            Self::China => "https://microsoftgraph.chinacloudapi.cn".to_owned(),
            Self::Custom { graph, .. } => graph.as_str().trim_end_matches('/').to_owned(),
        }
    }
}

/// How to get a token for Graph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CredentialKind {
    /// The signed-in Azure CLI (`az account get-access-token`).
    AzureCli,
    /// An application and its secret.
    ClientSecret {
        /// Application (client) id.
        client_id: String,
        /// Where the secret is found.
        secret: SecretSource,
    },
    /// An application and its certificate.
    ClientCertificate {
        /// Application (client) id.
        client_id: String,
        /// PEM file with the certificate and, unless `key_file` says otherwise, its unencrypted private key.
        certificate_file: PathBuf,
        /// PEM file with the private key, if it is a file of its own.
        key_file: Option<PathBuf>,
    },
    /// A ready access token.
    AccessToken {
        /// The environment variable that holds it.
        env: String,
    },
}

impl CredentialKind {
    /// Where an access token is looked for if the file names no variable.
    pub const DEFAULT_TOKEN_ENV: &str = "MATCHPLAN_ACCESS_TOKEN";
    /// Where a client secret is looked for if the file names none; the name that Azure's own tools use.
    pub const DEFAULT_SECRET_ENV: &str = "AZURE_CLIENT_SECRET";
}

/// Where a secret is found. Never the secret itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SecretSource {
    /// In this environment variable.
    Env(String),
    /// In this file; a line end at its end does not count.
    File(PathBuf),
    /// Asked for on the terminal.
    Prompt,
}

/// One `[[ad]]`: a domain and how to reach it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdSettings {
    /// The domain's name in this project, such as `corp`; used in `corp\jsmith` and in link ids.
    pub name: DomainName,
    /// `ldaps://host[:port]` or `ldap://host[:port]`, nothing behind. Never a Global Catalog port: a Global Catalog
    /// neither takes writes nor holds the anchor.
    #[schemars(with = "String")]
    pub url: Url,
    /// Upgrade an `ldap://` connection to TLS before anything is sent (StartTLS, RFC 4511 section 4.14).
    pub starttls: bool,
    /// Whether an unencrypted connection to another host was allowed by name (`allow_plain = true`).
    pub allow_plain: bool,
    /// PEM file with further root certificates for this domain's controllers.
    pub ca_file: Option<PathBuf>,
    /// The domain's naming context, where searches start.
    pub base_dn: Dn,
    /// How to sign in.
    pub bind: Bind,
    /// What the sync engine takes as the source anchor.
    pub source_anchor: SourceAnchor,
}

impl AdSettings {
    /// Whether everything that is sent goes through TLS.
    pub fn is_encrypted(&self) -> bool {
        self.url.scheme() == "ldaps" || self.starttls
    }
}

/// How to sign in to AD.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Bind {
    /// LDAP simple bind.
    Simple {
        /// A DN, a UPN or `DOMAIN\user`.
        user: String,
        /// Where the password is found.
        password: SecretSource,
    },
    /// The Kerberos ticket of whoever runs the program: SASL GSSAPI (RFC 4752) inside of TLS. It needs a URL that names
    /// its host, and neither user nor password.
    Kerberos,
}

/// `[sync]`: the engine that brings AD to Entra.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SyncSettings {
    /// Which engine.
    pub engine: Engine,
    /// What is in the engine's scope; empty where nobody has said, and then every AD user's exposure is unknown.
    pub synced_ous: Vec<Dn>,
    /// How a cycle is started.
    pub trigger: Trigger,
    /// Prints the engine's state as JSON (`{"busy":…, "staging":…, "suspended":…}`).
    pub status: Option<Command>,
    /// The pair that stops and restarts the scheduler, if there is one.
    pub hold: Option<Hold>,
    /// How long one wave waits for its cycle.
    pub timeout: SignedDuration,
    /// Time between two looks at the cloud.
    pub poll: SignedDuration,
    /// What happens to a wave whose cycle did not come in time.
    pub on_timeout: OnTimeout,
}

impl SyncSettings {
    /// [`SyncSettings::timeout`] where nothing is said.
    pub const DEFAULT_TIMEOUT: SignedDuration = SignedDuration::from_mins(45);
    /// [`SyncSettings::poll`] where nothing is said.
    pub const DEFAULT_POLL: SignedDuration = SignedDuration::from_secs(10);
}

impl Default for SyncSettings {
    fn default() -> Self {
        Self {
            engine: Engine::default(),
            synced_ous: Vec::new(),
            trigger: Trigger::default(),
            status: None,
            hold: None,
            timeout: Self::DEFAULT_TIMEOUT,
            poll: Self::DEFAULT_POLL,
            on_timeout: OnTimeout::default(),
        }
    }
}

/// The sync engines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Engine {
    /// Microsoft Entra Connect Sync.
    #[default]
    Connect,
    /// Microsoft Entra Cloud Sync.
    CloudSync,
}

/// How a sync cycle is started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// By this command. That it returns proves no cycle.
    Command(Command),
    /// Not a cycle: Cloud Sync is asked for the users of a small wave, one by one. Larger waves wait for the scheduler.
    ProvisionOnDemand(OnDemand),
    /// Not at all: the engine's own scheduler runs it.
    #[default]
    Wait,
}

/// The synchronization job that provisions single users on demand (Graph v1.0, `synchronizationJob: provisionOnDemand`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OnDemand {
    /// The service principal of the Cloud Sync configuration: its object id.
    pub service_principal: ObjectId,
    /// The job's id. Looked up where it is not said: the only one of the template `AD2AADProvisioning`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<SyncId>,
    /// The id of the job's rule. Looked up where it is not said: the only one from AD to Entra.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<SyncId>,
}

impl OnDemand {
    /// Waves of more links than this wait for the scheduler: each user is one request of its own, of which Graph takes 5
    /// in 10 seconds.
    pub const MOST: usize = 20;
}

/// A program and its arguments; no shell is between. At least the program is there, and it is not empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
#[schemars(with = "Vec<String>")]
pub struct Command(Vec<String>);

/// An empty list, or an empty program name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a command needs a program")]
pub struct NoProgram;

impl Command {
    /// The program.
    pub fn program(&self) -> &str {
        self.0.first().map_or("", String::as_str)
    }

    /// Its arguments.
    pub fn args(&self) -> &[String] {
        self.0.get(1..).unwrap_or_default()
    }
}

impl TryFrom<Vec<String>> for Command {
    type Error = NoProgram;
    fn try_from(words: Vec<String>) -> Result<Self, Self::Error> {
        if words.first().is_some_and(|program| !program.trim().is_empty()) { Ok(Self(words)) } else { Err(NoProgram) }
    }
}

impl From<Command> for Vec<String> {
    fn from(command: Command) -> Self {
        command.0
    }
}

/// The pair of commands that stop and restart the engine's scheduler. One without the other would leave it stopped, or
/// do nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// Stops the scheduler.
    pub hold: Command,
    /// Starts it again.
    pub release: Command,
}

/// What happens to a wave whose cycle did not come in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnTimeout {
    /// Undo the wave, once it is proven that no cycle runs.
    #[default]
    Withdraw,
    /// Leave everything as it stands and wait for `apply`. Never for links with suspended roles.
    Hold,
}

/// `[guard]`: the brakes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Guard {
    /// How many links one plan may change.
    pub max_links: u32,
    /// How many role assignments one plan may remove, for good or for a time.
    pub max_role_removals: u32,
    /// How many administrators may be without their roles at the same time.
    pub max_suspended: u32,
    /// How many enabled, directly active Global Administrators outside the plan there must be at every moment.
    pub min_global_admins: u32,
    /// How many failed links stop an apply before the sync cycle.
    pub max_failures: u32,
    /// Cloud users that no plan may touch.
    pub protect: Vec<CloudSelector>,
}

impl Default for Guard {
    fn default() -> Self {
        Self {
            max_links: 500,
            max_role_removals: 10,
            max_suspended: 10,
            min_global_admins: 2,
            max_failures: 5,
            protect: Vec::new(),
        }
    }
}
