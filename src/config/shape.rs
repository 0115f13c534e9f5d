//! The shapes of the two files as JSON Schema sees them.
//!
//! These types hold no values: the reader reads TOML with its places, and these say to editors what it accepts. A test
//! holds the two against each other. Their comments are what an editor shows, so they speak to whoever writes the file.

use super::settings::{CredentialKind, GraphLimits};
use super::shape_features::TenantFeatures;
use super::shape_rules::{needs, of_groups, only_with, simple_or_kerberos};
use super::table::MAX_COUNT;
use crate::model::anchor::SourceAnchor;
use schemars::JsonSchema;
use serde_json::json;

/// A GUID with hyphens.
macro_rules! guid {
    () => {
        "[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}"
    };
}

/// One `type=value` of a distinguished name; a backslash protects the next character.
macro_rules! rdn {
    () => {
        r"\s*[A-Za-z0-9.\-]+\s*=\s*(?:[^,\\\s\u0000]|\\[^\u0000])(?:[^,\\\u0000]|\\[^\u0000])*"
    };
}

/// A `sAMAccountName`, in which some characters are refused.
macro_rules! sam {
    () => {
        r#"[^"/\\\[\]:|<>+=;?,*@\u0000-\u001f\u007f]+"#
    };
}

/// A label of a DNS name.
macro_rules! label {
    () => {
        r"[A-Za-z0-9](?:[A-Za-z0-9\-]{0,61}[A-Za-z0-9])?"
    };
}

/// A user principal name.
macro_rules! upn {
    () => {
        r"[^\s=\\\u0000-\u001f\u007f]+@[^\s=\\@\u0000-\u001f\u007f]+"
    };
}

/// A cloud user: object id or UPN.
macro_rules! cloud_user {
    () => {
        concat!(r"^(?:\{", guid!(), r"\}|", guid!(), r"|[^\s\u0000-\u001f\u007f]+@[^\s@\u0000-\u001f\u007f]+)$")
    };
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident: $pattern:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Default, JsonSchema)]
        #[schemars(inline, extend("pattern" = $pattern))]
        #[expect(dead_code, reason = "only its schema is used")]
        pub(super) struct $name(String);
    )*};
}

texts! {
    /// A text that is not empty.
    Filled: r"\S";
    /// A distinguished name, as AD shows it in `distinguishedName`.
    DnText: concat!("^", rdn!(), "(?:,", rdn!(), ")*$");
    /// An AD user: sAMAccountName ('corp\jsmith' with several domains), UPN, DN or objectGUID.
    AdUser: concat!("^(?:(?=.*\\S)", sam!(), r"|[^\\=]+\\", sam!(), "|", upn!(), "|", rdn!(), "(?:,", rdn!(), r")*|\{", guid!(), r"\})$");
    /// A cloud user: UPN or object id.
    CloudUser: cloud_user!();
    /// A sign-in name.
    UpnText: r"^[^\s\u0000-\u001f\u007f]+@[^\s@\u0000-\u001f\u007f]+$";
    /// A source anchor: a GUID, or Base64 of 16 octets; or "cloud-to-ad".
    AnchorText: concat!(r"^(?:cloud-to-ad|\{", guid!(), r"\}|", guid!(), "|[A-Za-z0-9+/]{21}[AQgw]==)$");
    /// The way of the anchor that can be said for all.
    CloudToAd: "^cloud-to-ad$";
    /// A tenant: one of its domains, or its id.
    Tenant: concat!("^(?:", guid!(), "|(?:", label!(), r"\.)+", label!(), ")$");
    /// An application (client) id.
    ClientId: concat!("^", guid!(), "$");
    /// A time span in hours, minutes and seconds, such as "45m", "72h" or "1h 30m".
    Duration: r"^(?! )(?=.*[1-9])(?:[0-9]{1,6}h)?(?: ?[0-9]{1,6}m)?(?: ?[0-9]{1,6}s)?$";
    /// The name of an environment variable.
    EnvName: "^[A-Za-z_][A-Za-z0-9_]*$";
    /// A plain word.
    Name: r"^[A-Za-z0-9_.\-]{1,64}$";
    /// `ldaps://host` or `ldap://host`, with a port if it is not the usual one.
    LdapUrl: r"^[Ll][Dd][Aa][Pp][Ss]?://[^/?#@\s]+/?$";
    /// `https://host`; `http://` on this computer only.
    WebUrl: r"^[Hh][Tt][Tt][Pp][Ss]?://[^/?#@\s]+(?:/[^?#\s]*)?$";
    /// An e-mail address.
    Smtp: r"^[^@\s:;,<>]+@[^@\s:;,<>]+$";
    /// An address with its type: "SMTP:" marks the one primary address, "smtp:" every other.
    TypedAddress: r"^(?:[Ss][Mm][Tt][Pp]:[^@\s:;,<>]+@[^@\s:;,<>]+|(?![Ss][Mm][Tt][Pp]:)[A-Za-z0-9]+:.*\S.*)$";
}

/// An enum of words; a word's comment is what an editor shows for it.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $word:ident),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(JsonSchema)]
        #[schemars(rename_all = "kebab-case", inline)]
        #[expect(dead_code, reason = "only its schema is used")]
        pub(super) enum $name {
            $($(#[$word_doc])* $word),*
        }
    )*};
}

words! {
    /// One of Microsoft's clouds.
    CloudWord {
        /// The worldwide service, and GCC.
        Global,
        /// US Government L4.
        GccHigh,
        /// US Government L5.
        Dod,
        /// China, operated by 21Vianet.
        China,
    }
    /// How to get a token for Microsoft Graph.
    Credential {
        /// The account that `az login` signed in.
        AzureCli,
        /// An application and its secret: `client_id`, `secret`.
        ClientSecret,
        /// An application and its certificate: `client_id`, `certificate_file`.
        ClientCertificate,
        /// A ready access token: `token`.
        AccessToken,
    }
    /// How to sign in to AD.
    BindWord {
        /// LDAP simple bind.
        Simple,
        /// The Kerberos ticket of whoever runs the program.
        Kerberos,
    }
    /// The sync engine.
    EngineWord {
        /// Microsoft Entra Connect Sync.
        Connect,
        /// Microsoft Entra Cloud Sync.
        CloudSync,
    }
    /// No command: the engine's own scheduler runs the cycle.
    WaitWord {
        /// Wait for the engine's own scheduler.
        Wait,
    }
    /// What happens to links whose sync cycle does not come in time.
    TimeoutWord {
        /// Undo them, once it is proven that no cycle runs.
        Withdraw,
        /// Leave everything as it stands. Refused for links with suspended roles.
        Hold,
    }
    /// Ask on the terminal.
    PromptWord {
        /// Ask on the terminal.
        Prompt,
    }
    /// What a link is about.
    KindWord {
        /// A user.
        User,
        /// A mail-enabled group.
        Group,
        /// A mail contact.
        Contact,
    }
    /// How the two users are matched.
    MatchWord {
        /// By the published decision tree: soft if nothing is in the way, otherwise hard.
        Auto,
        /// By UPN and primary SMTP address.
        Soft,
        /// By ImmutableID.
        Hard,
    }
    /// What may be done about directory roles, which block a match.
    RolesWord {
        /// Nothing: a held role blocks the link.
        Refuse,
        /// Remove, match, restore.
        Suspend,
        /// Remove for good.
        Remove,
    }
    /// What becomes of a cloud object that an earlier cycle made of the AD user.
    DuplicateWord {
        /// It blocks the link.
        Refuse,
        /// It is deleted, for good, before the match.
        Remove,
    }
    /// What is done about a cloud user with a sign-in name in a federated domain.
    FederatedWord {
        /// Nothing.
        Refuse,
        /// For the moment of the write it gets a name in the tenant's initial domain.
        Detour,
    }
    /// A kind of step that has no way back.
    AllowWord {
        /// Deleting a user from the recycle bin.
        Purge,
    }
    /// How a cloud user is unlinked.
    UnlinkWord {
        /// The cloud becomes the source of authority of a synced user.
        SourceOfAuthority,
        /// A user that is not synced loses what it remembers of AD.
        Clear,
        /// The AD user leaves the sync scope; the cloud user is deleted, restored and cleared.
        RecycleBin,
    }
    /// What becomes of a user in the recycle bin.
    DeletedWord {
        /// It comes back.
        Restore,
        /// It is deleted for good.
        Purge,
    }
    /// One of the two sides.
    SideWord {
        /// The cloud user's.
        Cloud,
        /// The AD user's.
        Ad,
    }
    /// What becomes of the addresses.
    AddressesWord {
        /// Both sides' addresses: nothing is lost.
        Merge,
        /// AD's, but for what the match itself needs.
        Keep,
    }
}

/// A table. A key that may be left out is an `Option`; TOML has no null, so null is taken out of the schema later.
macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident { $($(#[$key_doc:meta])* $key:ident: $kind:ty,)* })*) => {$(
        #[derive(JsonSchema)]
        #[schemars(deny_unknown_fields)]
        $(#[$doc])*
        #[expect(dead_code, reason = "only its schema is used")]
        pub(super) struct $name {
            $($(#[$key_doc])* $key: $kind),*
        }
    )*};
}

tables! {
    /// matchplan.toml: where the directories are, how they sync, and the brakes. There are no secrets in it.
    #[schemars(title = "matchplan settings")]
    SettingsFile {
        /// The version of this format.
        #[schemars(range(min = 1, max = 1))]
        version: u8,
        /// How long a saved plan may be applied.
        #[schemars(extend("default" = "72h"))]
        plan_ttl: Option<Duration>,
        /// The state file.
        #[schemars(extend("default" = "matchplan.state.json"))]
        state: Option<Filled>,
        /// The tenant and how to sign in.
        entra: Entra,
        /// One section per AD domain.
        #[schemars(length(min = 1))]
        ad: Vec<Ad>,
        /// The engine that brings AD to Entra.
        sync: Option<Sync>,
        /// The brakes.
        guard: Option<Guard>,
    }

    /// The tenant and how to sign in.
    #[schemars(extend("allOf" = json!([
        needs("client-secret", &["client_id"]),
        needs("client-certificate", &["client_id", "certificate_file"]),
        only_with("client_id", &["client-secret", "client-certificate"]),
        only_with("secret", &["client-secret"]),
        only_with("certificate_file", &["client-certificate"]),
        only_with("key_file", &["client-certificate"]),
        only_with("token", &["access-token"]),
    ])))]
    Entra {
        /// The tenant: one of its domains such as contoso.onmicrosoft.com, or its id.
        tenant: Tenant,
        /// Which of Microsoft's clouds the tenant lives in.
        #[schemars(extend("default" = "global"))]
        cloud: Option<Cloud>,
        /// How to get a token for Microsoft Graph.
        #[schemars(extend("default" = "azure-cli"))]
        credential: Option<Credential>,
        /// The application (client) id of the app registration.
        client_id: Option<ClientId>,
        /// Where the application's secret is found.
        #[schemars(extend("default" = json!({ "env": CredentialKind::DEFAULT_SECRET_ENV })))]
        secret: Option<SecretPlace>,
        /// PEM file with the application's certificate, and its private key unless `key_file` names another file.
        certificate_file: Option<Filled>,
        /// PEM file with the private key.
        key_file: Option<Filled>,
        /// Where the access token is found.
        #[schemars(extend("default" = json!({ "env": CredentialKind::DEFAULT_TOKEN_ENV })))]
        token: Option<InEnv>,
        /// How much may be asked of Graph, where that is not what Microsoft publishes: an application that also works for
        /// others takes only its share.
        limits: Option<Limits>,
    }

    /// How much may be asked of Graph by this application in this tenant.
    Limits {
        /// Writes in 150 seconds; Microsoft publishes 3,000.
        #[schemars(range(min = GraphLimits::LEAST, max = MAX_COUNT))]
        writes: Option<u32>,
        /// Resource units in 10 seconds; Microsoft publishes 3,500, 5,000 or 8,000, by the size of the tenant.
        #[schemars(range(min = GraphLimits::LEAST, max = MAX_COUNT))]
        resource_units: Option<u32>,
    }

    /// Hosts of a cloud that is not in the list.
    Hosts {
        /// Where tokens come from, such as `https://login.example`.
        login: WebUrl,
        /// Where Microsoft Graph is, such as `https://graph.example`.
        graph: WebUrl,
    }

    /// In an environment variable.
    InEnv {
        /// The variable's name.
        env: EnvName,
    }

    /// In a file.
    InFile {
        /// The file's path.
        file: Filled,
    }

    /// One AD domain and how to reach it.
    #[schemars(extend("allOf" = json!([simple_or_kerberos()])))]
    Ad {
        /// A short name for the domain, used in 'corp\jsmith'.
        name: Name,
        /// A domain controller. Never a Global Catalog port.
        url: LdapUrl,
        /// Upgrade an ldap:// connection to TLS before anything is sent.
        #[schemars(extend("default" = false))]
        starttls: Option<bool>,
        /// Accept an unencrypted connection to another computer.
        #[schemars(extend("default" = false))]
        allow_plain: Option<bool>,
        /// PEM file with further root certificates.
        ca_file: Option<Filled>,
        /// The domain's top, where searches start.
        base_dn: DnText,
        /// How to sign in.
        #[schemars(extend("default" = "simple"))]
        bind: Option<BindWord>,
        /// Who signs in: a DN, a UPN or DOMAIN\user. Not with Kerberos, where the ticket says it.
        user: Option<Filled>,
        /// Where the password is found.
        password: Option<SecretPlace>,
        /// What the sync engine takes as the source anchor.
        #[schemars(extend("default" = "mS-DS-ConsistencyGuid"))]
        source_anchor: Option<SourceAnchor>,
    }

    /// The engine that brings AD to Entra.
    #[schemars(extend("dependencies" = json!({ "hold": ["release"], "release": ["hold"] })))]
    Sync {
        /// Which engine.
        #[schemars(extend("default" = "connect"))]
        engine: Option<EngineWord>,
        /// The OUs in the engine's scope.
        #[schemars(extend("uniqueItems" = true))]
        synced_ous: Option<Vec<DnText>>,
        /// How a sync cycle is started.
        #[schemars(extend("default" = "wait"))]
        trigger: Option<Trigger>,
        /// Prints the engine's state as JSON: {"busy": false, "staging": false, "suspended": false}.
        status: Option<CommandTable>,
        /// Stops the engine's scheduler. Goes with `release`.
        hold: Option<CommandTable>,
        /// Starts the engine's scheduler again.
        release: Option<CommandTable>,
        /// How long one wave waits for its cycle.
        #[schemars(extend("default" = "45m"))]
        timeout: Option<Duration>,
        /// Time between two looks at the cloud.
        #[schemars(extend("default" = "10s"))]
        poll: Option<Duration>,
        /// What happens to links whose sync cycle does not come in time.
        #[schemars(extend("default" = "withdraw"))]
        on_timeout: Option<TimeoutWord>,
    }

    /// A program to run; no shell is between.
    CommandTable {
        /// The program and its arguments.
        #[schemars(length(min = 1), extend("items" = json!([{ "type": "string", "pattern": "\\S" }]), "additionalItems" = json!({ "type": "string" })))]
        command: Vec<String>,
    }

    /// The brakes. Each can be lifted for one run by its name.
    Guard {
        /// How many links one plan may change.
        #[schemars(range(min = 1, max = MAX_COUNT), extend("default" = 500))]
        max_links: Option<u32>,
        /// How many role assignments one plan may remove, for good or for a time.
        #[schemars(range(max = MAX_COUNT), extend("default" = 10))]
        max_role_removals: Option<u32>,
        /// How many administrators may be without their roles at the same time.
        #[schemars(range(min = 1, max = MAX_COUNT), extend("default" = 10))]
        max_suspended: Option<u32>,
        /// How many enabled, directly active Global Administrators outside of the plan there must be at every moment.
        #[schemars(range(min = 1, max = MAX_COUNT), extend("default" = 2))]
        min_global_admins: Option<u32>,
        /// How many failed links stop an apply before the sync cycle.
        #[schemars(range(max = MAX_COUNT), extend("default" = 5))]
        max_failures: Option<u32>,
        /// Cloud users that no plan may touch, by UPN or object id. One that is not found is an error.
        protect: Option<Vec<CloudUser>>,
    }

    /// A match plan: which AD user becomes one with which cloud user.
    #[schemars(title = "matchplan match plan")]
    PlanFile {
        /// The version of this format.
        #[schemars(range(min = 1, max = 1))]
        version: u8,
        /// What holds for every link that says nothing else.
        defaults: Option<Defaults>,
        /// One section per link.
        link: Option<Vec<Link>>,
        /// Cloud users that are to forget their AD user, one section each.
        unlink: Option<Vec<Unlink>>,
        /// Users in the recycle bin, one section each.
        deleted: Option<Vec<Deleted>>,
        /// How switches of the tenant's directory synchronization are to stand, by Graph's names.
        tenant: Option<TenantFeatures>,
        /// What the tenant lets through for exactly the time of one apply.
        window: Option<WindowTable>,
    }

    /// What the tenant lets through for exactly the time of one apply.
    WindowTable {
        /// Soft matches: blockSoftMatchEnabled is off for that time.
        #[schemars(extend("default" = false))]
        soft_match: Option<bool>,
        /// Hard matches: blockCloudObjectTakeoverThroughHardMatchEnabled is off for that time.
        #[schemars(extend("default" = false))]
        hard_match: Option<bool>,
    }

    /// A cloud user that is to forget its AD user.
    #[schemars(extend("if" = json!({ "properties": { "method": { "const": "recycle-bin" } }, "required": ["method"] }),
        "then" = json!({ "required": ["ad", "move_to"] }),
        "else" = json!({ "not": { "anyOf": [{ "required": ["ad"] }, { "required": ["move_to"] }] } })))]
    Unlink {
        /// Which cloud user: UPN or object id.
        cloud: CloudUser,
        /// How it is unlinked.
        method: UnlinkWord,
        /// With recycle-bin: which AD user leaves the sync scope.
        ad: Option<AdUser>,
        /// With recycle-bin: the OU outside of the sync scope that the AD user goes to.
        move_to: Option<DnText>,
    }

    /// A user in the recycle bin.
    #[schemars(extend("if" = json!({ "properties": { "action": { "const": "purge" } }, "required": ["action"] }),
        "then" = json!({ "not": { "required": ["upn"] } }),
        "else" = json!({ "properties": { "allow": { "maxItems": 0 } } })))]
    Deleted {
        /// Which user: its object id, or the UPN that it had.
        user: CloudUser,
        /// What becomes of it.
        action: DeletedWord,
        /// With restore: the sign-in name that it gets, if not the one that it had.
        upn: Option<UpnText>,
        /// With purge: `["purge"]`, since nothing brings the user back.
        allow: Option<Vec<AllowWord>>,
    }

    /// What holds for every link that says nothing else.
    Defaults {
        /// How the two users are matched.
        #[schemars(rename = "match", extend("default" = "auto"))]
        matching: Option<MatchWord>,
        /// What may be done about directory roles, which block a match.
        #[schemars(extend("default" = "refuse"))]
        roles: Option<RolesWord>,
        /// Whose UPN the linked user has. If nothing is said: the cloud's for a soft match, AD's for a hard match.
        upn: Option<SideWord>,
        /// Whose primary address the linked user has.
        #[schemars(extend("default" = "cloud"))]
        primary_smtp: Option<SideWord>,
        /// Which addresses the linked user has.
        #[schemars(extend("default" = "merge"))]
        addresses: Option<AddressesWord>,
        /// The OU to move the AD user to, so that it comes into sync scope.
        move_to: Option<DnText>,
        /// "cloud-to-ad": the AD users take the cloud users' ImmutableIDs as their mS-DS-ConsistencyGuid.
        anchor: Option<CloudToAd>,
        /// What is done about cloud users with a sign-in name in a federated domain.
        #[schemars(extend("default" = "refuse"))]
        federated: Option<FederatedWord>,
    }

    /// One AD user and the cloud user that it becomes one with; or a group or contact, each with its own kind.
    #[schemars(extend("if" = json!({ "properties": { "kind": { "enum": ["group", "contact"] } }, "required": ["kind"] }),
        "then" = of_groups(), "else" = json!({ "properties": { "cloud": { "pattern": cloud_user!() } } })))]
    Link {
        /// What the link is about.
        #[schemars(extend("default" = "user"))]
        kind: Option<KindWord>,
        /// Which AD user: sAMAccountName ('corp\jsmith' with several domains), UPN, DN or objectGUID. Of a group or contact an
        /// address stands in the place of the UPN; a contact has no sAMAccountName.
        ad: AdUser,
        /// Which cloud user: UPN or object id. Which group or contact: object id, address or display name.
        cloud: Filled,
        /// How the two users are matched.
        #[schemars(rename = "match")]
        matching: Option<MatchWord>,
        /// What may be done about directory roles, which block a match.
        roles: Option<RolesWord>,
        /// Whose UPN the linked user has. If nothing is said: the cloud's for a soft match, AD's for a hard match.
        upn: Option<SideWord>,
        /// Which address is the primary one: a side's, or an address of its own.
        primary_smtp: Option<Primary>,
        /// Which addresses the linked user has: merge, keep, or an exact list.
        addresses: Option<Addresses>,
        /// The OU to move the AD user to, so that it comes into sync scope.
        move_to: Option<DnText>,
        /// The anchor that the AD user is expected to have; another one blocks the link. Or "cloud-to-ad": the AD user takes
        /// the cloud user's ImmutableID as its mS-DS-ConsistencyGuid.
        anchor: Option<AnchorText>,
        /// What becomes of a cloud object that an earlier cycle made of the AD user; remove needs `allow = ["purge"]`.
        #[schemars(extend("default" = "refuse"))]
        duplicate: Option<DuplicateWord>,
        /// What is done about a cloud user with a sign-in name in a federated domain.
        federated: Option<FederatedWord>,
        /// The steps without a way back that this link may take.
        allow: Option<Vec<AllowWord>>,
    }
}

/// A value that can be said in several ways.
macro_rules! either {
    ($($(#[$doc:meta])* $name:ident = $($way:ident)|*;)*) => {$(
        $(#[$doc])*
        #[derive(JsonSchema)]
        #[schemars(untagged)]
        #[expect(dead_code, reason = "only its schema is used")]
        pub(super) enum $name {
            $($way($way)),*
        }
    )*};
}

either! {
    /// One of Microsoft's clouds, or hosts of your own.
    Cloud = CloudWord | Hosts;
    /// Where a secret is found: { env = "NAME" }, { file = "path" }, or "prompt". Never the secret itself.
    SecretPlace = InEnv | InFile | PromptWord;
    /// A command, or "wait".
    Trigger = CommandTable | WaitWord;
    /// A side, or an address without its type.
    Primary = SideWord | Smtp;
    /// merge, keep, or the exact list.
    Addresses = AddressesWord | AddressList;
}

/// Exactly these addresses, each with its type.
#[derive(JsonSchema)]
#[schemars(inline, extend("uniqueItems" = true))]
#[expect(dead_code, reason = "only its schema is used")]
pub(super) struct AddressList(Vec<TypedAddress>);
