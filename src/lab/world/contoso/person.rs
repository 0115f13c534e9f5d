//! Writing a person down in few words: `first.last@contoso.com` everywhere unless something else is said.

use super::company::{BASE, SYNCED, entry};
use crate::lab::world::cloud::CloudUser;
use crate::lab::world::forest::{AdEntry, AdValues};
use crate::model::anchor::Anchor;
use crate::model::id::AdGuid;

/// The usual address of a person.
fn usual_address(given: &str, surname: &str) -> String {
    format!("{given}.{surname}@contoso.com").to_lowercase()
}

/// A person's account in AD.
#[derive(Clone, Debug)]
pub(super) struct InAd {
    sam: String,
    given: String,
    surname: String,
    /// The container.
    at: String,
    /// The common name, as it stands in a DN.
    cn: String,
    upn: String,
    /// `proxyAddresses`, the primary first.
    addresses: Vec<String>,
    account_control: u32,
    consistency_guid: Option<Anchor>,
    employee_id: Option<&'static str>,
}

/// An enabled AD account in the staging OU.
pub(super) fn in_ad(sam: &str, given: &str, surname: &str) -> InAd {
    let address = usual_address(given, surname);
    InAd {
        sam: sam.to_owned(),
        given: given.to_owned(),
        surname: surname.to_owned(),
        at: format!("OU=Staging,{BASE}"),
        cn: format!("{given} {surname}"),
        upn: address.clone(),
        addresses: vec![format!("SMTP:{address}")],
        account_control: 512,
        consistency_guid: None,
        employee_id: None,
    }
}

impl InAd {
    pub(super) fn upn(mut self, upn: &str) -> Self {
        upn.clone_into(&mut self.upn);
        self
    }

    pub(super) fn primary(mut self, address: &str) -> Self {
        self.addresses[0] = format!("SMTP:{address}");
        self
    }

    pub(super) fn also(mut self, address: &str) -> Self {
        self.addresses.push(address.to_owned());
        self
    }

    pub(super) fn without_mail(mut self) -> Self {
        self.addresses.clear();
        self
    }

    pub(super) fn common_name(mut self, cn: &str) -> Self {
        cn.clone_into(&mut self.cn);
        self
    }

    /// In the container that is synced.
    pub(super) fn synced(mut self) -> Self {
        SYNCED.clone_into(&mut self.at);
        self
    }

    pub(super) fn disabled(mut self) -> Self {
        self.account_control |= 2;
        self
    }

    /// Brought along from another forest.
    pub(super) fn consistency_guid(mut self, guid: AdGuid) -> Self {
        self.consistency_guid = Some(Anchor::from_guid(guid));
        self
    }

    pub(super) fn employee_id(mut self, id: &'static str) -> Self {
        self.employee_id = Some(id);
        self
    }

    /// The directory entry.
    pub(super) fn entry(&self) -> AdEntry {
        let display = format!("{} {}", self.given, self.surname);
        let mut entry = entry(
            &format!("CN={},{}", self.cn, self.at),
            &["top", "person", "organizationalPerson", "user"],
            &[
                ("cn", &self.cn.replace('\\', "")),
                ("sAMAccountName", &self.sam),
                ("userPrincipalName", &self.upn),
                ("displayName", &display),
                ("givenName", &self.given),
                ("sn", &self.surname),
                ("userAccountControl", &self.account_control.to_string()),
            ],
        );
        if let Some(primary) = self.addresses.first() {
            let mail = primary.trim_start_matches("SMTP:").to_owned();
            entry.attributes.insert("mailNickname".to_owned(), AdValues::One(self.sam.clone()));
            entry.attributes.insert("mail".to_owned(), AdValues::One(mail));
            entry.attributes.insert("proxyAddresses".to_owned(), AdValues::Many(self.addresses.clone()));
        }
        if let Some(id) = self.employee_id {
            entry.attributes.insert("employeeID".to_owned(), AdValues::One(id.to_owned()));
        }
        if let Some(anchor) = self.consistency_guid {
            entry.attributes.insert("mS-DS-ConsistencyGuid".to_owned(), AdValues::octets(anchor.octets()));
        }
        entry
    }
}

/// A cloud-only person with a mailbox.
pub(super) fn in_cloud(given: &str, surname: &str) -> CloudUser {
    let address = usual_address(given, surname);
    let nickname = address.split('@').next().map(str::to_owned);
    CloudUser {
        display_name: Some(format!("{given} {surname}")),
        given_name: Some(given.to_owned()),
        surname: Some(surname.to_owned()),
        mail: Some(address.clone()),
        mail_nickname: nickname,
        proxy_addresses: vec![format!("SMTP:{address}")],
        password_version: 1,
        ..CloudUser::named(&address)
    }
}

/// Changes to a cloud user, in few words.
pub(super) trait Changed: Sized {
    fn upn(self, upn: &str) -> Self;
    fn primary(self, address: &str) -> Self;
    fn also(self, address: &str) -> Self;
    fn without_mail(self) -> Self;
    fn immutable_id(self, value: &str) -> Self;
    fn employee_id(self, id: &str) -> Self;
}

impl Changed for CloudUser {
    fn upn(mut self, upn: &str) -> Self {
        upn.clone_into(&mut self.user_principal_name);
        self
    }

    fn primary(mut self, address: &str) -> Self {
        self.proxy_addresses[0] = format!("SMTP:{address}");
        self.mail = Some(address.to_owned());
        self
    }

    fn also(mut self, address: &str) -> Self {
        self.proxy_addresses.push(address.to_owned());
        self
    }

    fn without_mail(mut self) -> Self {
        self.proxy_addresses.clear();
        self.mail = None;
        self
    }

    fn immutable_id(mut self, value: &str) -> Self {
        self.on_premises_immutable_id = Some(value.to_owned());
        self
    }

    fn employee_id(mut self, id: &str) -> Self {
        self.profile.insert("employeeId".to_owned(), id.to_owned());
        self
    }
}
