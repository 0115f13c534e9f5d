//! One person, from a number.

use super::names::{CITIES, DEPARTMENTS, GIVEN, SURNAMES, TITLES};
use crate::lab::sync::view::ImportedUser;
use crate::lab::world::cloud::CloudUser;
use crate::lab::world::contoso::company::{BASE, SYNCED, dn, entry};
use crate::lab::world::derive;
use crate::lab::world::forest::{AdEntry, AdValues};
use crate::model::anchor::Anchor;
use crate::model::id::{AdGuid, ObjectId, Sid};
use std::collections::BTreeMap;
use std::sync::LazyLock;
use uuid::Builder;

/// Where a person is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    ToLink,
    Synced,
    CloudOnly,
    AdOnly,
}

/// How the two sides of somebody who is to be linked differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Difference {
    Nothing,
    /// AD's UPN is the account's name: the cloud's is kept.
    Upn,
    /// The cloud has an alias that AD has not.
    Alias,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Person {
    pub(super) kind: Kind,
    number: u32,
    given: &'static str,
    surname: &'static str,
    /// How many of the same name came before.
    namesakes: u32,
    draws: Draws,
}

/// Numbers that follow from a seed and a person.
#[derive(Clone, Copy, Debug)]
struct Draws(u64);

/// `splitmix64` (Steele, Lea, Flood 2014): the same on every machine.
const fn mixed(state: u64) -> u64 {
    let mixed = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

impl Draws {
    const fn of(seed: u64, number: u32) -> Self {
        Self(mixed(mixed(seed) ^ number as u64))
    }

    const fn bits(self, purpose: u64) -> u64 {
        mixed(self.0 ^ mixed(purpose))
    }

    /// A number below `end`.
    const fn below(self, purpose: u64, end: u64) -> u64 {
        self.bits(purpose) % end
    }

    #[expect(clippy::cast_possible_truncation, reason = "below the length of a small table")]
    fn choose(self, purpose: u64, among: &[&'static str]) -> &'static str {
        among[self.below(purpose, among.len() as u64) as usize]
    }

    fn uuid(self, purpose: u64) -> uuid::Uuid {
        let (high, low) = (self.bits(purpose), self.bits(purpose ^ u64::MAX));
        Builder::from_random_bytes((u128::from(high) << 64 | u128::from(low)).to_be_bytes()).into_uuid()
    }
}

const KIND: u64 = 1;
const DIFFERENCE: u64 = 2;
const GUID: u64 = 3;
const OBJECT: u64 = 4;
const CITY: u64 = 5;
const DEPARTMENT: u64 = 6;
const TITLE: u64 = 7;
const ALIAS: u64 = 8;
const PHONE: u64 = 9;
const OTHER_SUFFIX: u64 = 10;

/// The SID of an account by its number in the domain.
pub(super) fn sid(number: u32) -> Sid {
    static DOMAIN: LazyLock<String> = LazyLock::new(|| {
        let base = dn(BASE);
        let head = derive::sid(&base, &base);
        head.to_string().rsplit_once('-').map_or_else(String::new, |(domain, _)| domain.to_owned())
    });
    let text = format!("{}-{}", *DOMAIN, 10_000 + number);
    text.parse().unwrap_or_else(|_| unreachable!("{text} is a SID"))
}

impl Person {
    pub(super) fn new(seed: u64, number: u32, to_link: bool) -> Self {
        let draws = Draws::of(seed, number);
        let kind = match draws.below(KIND, 100) {
            _ if to_link => Kind::ToLink,
            0..90 => Kind::Synced,
            90..96 => Kind::CloudOnly,
            _ => Kind::AdOnly,
        };
        #[expect(clippy::cast_possible_truncation, reason = "below the number of pairs")]
        let start = (mixed(seed) % (GIVEN.len() * SURNAMES.len()) as u64) as usize;
        // All pairs of names in an order that jumps about: the factor has no divisor in common with their number.
        let pairs = GIVEN.len() * SURNAMES.len();
        let pair = (number as usize % pairs * 7_919 + start) % pairs;
        #[expect(clippy::cast_possible_truncation, reason = "smaller than the number")]
        let namesakes = (number as usize / pairs) as u32;
        Self {
            kind,
            number,
            given: GIVEN[pair / SURNAMES.len()],
            surname: SURNAMES[pair % SURNAMES.len()],
            namesakes,
            draws,
        }
    }

    fn difference(&self) -> Difference {
        match self.draws.below(DIFFERENCE, 100) {
            0..75 => Difference::Nothing,
            75..90 => Difference::Upn,
            _ => Difference::Alias,
        }
    }

    /// `Jane Doe`, `Jane Doe 2`: no two people have the same.
    fn name(&self) -> String {
        match self.namesakes {
            0 => format!("{} {}", self.given, self.surname),
            before => format!("{} {} {}", self.given, self.surname, before + 1),
        }
    }

    /// `jane.doe`, `jane.doe2`.
    fn mailbox(&self) -> String {
        let ascii = |name: &str| deunicode::deunicode(name).to_lowercase();
        let number = if self.namesakes == 0 { String::new() } else { (self.namesakes + 1).to_string() };
        format!("{}.{}{number}", ascii(self.given), ascii(self.surname))
    }

    /// `sAMAccountName`: `u` and a number of seven digits.
    pub(super) fn sam(&self) -> String {
        format!("u{:07}", self.number)
    }

    fn address(&self) -> String {
        format!("{}@contoso.com", self.mailbox())
    }

    /// The UPN in the cloud.
    pub(super) fn cloud_upn(&self) -> String {
        match self.kind {
            Kind::CloudOnly if self.is_guest() => {
                format!("{}_partner.example#EXT#@contoso.onmicrosoft.com", self.mailbox())
            }
            Kind::CloudOnly => format!("svc-{:07}@contoso.onmicrosoft.com", self.number),
            _ => self.address(),
        }
    }

    const fn is_guest(&self) -> bool {
        !self.number.is_multiple_of(3)
    }

    /// What its link says besides who: the differences that a hard match has to settle.
    pub(super) fn settings(&self) -> &'static str {
        match self.difference() {
            Difference::Nothing => "",
            Difference::Upn => "upn = \"cloud\"\n",
            Difference::Alias => "addresses = \"merge\"\n",
        }
    }

    pub(super) fn anchor(&self) -> Anchor {
        Anchor::from_guid(self.guid())
    }

    fn guid(&self) -> AdGuid {
        AdGuid(self.draws.uuid(GUID))
    }

    /// The cloud user's id.
    pub(super) fn id(&self) -> ObjectId {
        ObjectId(self.draws.uuid(OBJECT))
    }

    /// The same, if there is a cloud user.
    pub(super) fn cloud_id(&self) -> Option<ObjectId> {
        (self.kind != Kind::AdOnly).then(|| self.id())
    }

    pub(super) fn dn(&self) -> String {
        let at = match self.kind {
            Kind::Synced => format!("OU={},{SYNCED}", self.city()),
            Kind::AdOnly => format!("OU=Leavers,{BASE}"),
            Kind::ToLink | Kind::CloudOnly => format!("OU=Staging,{BASE}"),
        };
        format!("CN={},{at}", self.name())
    }

    fn city(&self) -> &'static str {
        self.draws.choose(CITY, &CITIES)
    }

    fn ad_upn(&self) -> String {
        match self.kind {
            Kind::ToLink if self.difference() == Difference::Upn => format!("{}@contoso.com", self.sam()),
            // A federated domain of the same tenant.
            Kind::Synced if self.draws.below(OTHER_SUFFIX, 100) < 3 => format!("{}@fabrikam.com", self.mailbox()),
            _ => self.address(),
        }
    }

    /// `proxyAddresses` of AD, the primary first.
    fn addresses(&self) -> Vec<String> {
        let mut all = vec![format!("SMTP:{}", self.address())];
        if self.draws.below(ALIAS, 100) < 30 {
            all.push(format!("smtp:e{:07}@contoso.com", self.number));
        }
        all
    }

    /// The number in the personnel department, which knows who is who in both directories.
    fn employee_id(&self) -> String {
        format!("{:08}", self.number)
    }

    /// The account in AD, if there is one.
    pub(super) fn entry(&self) -> Option<AdEntry> {
        if self.kind == Kind::CloudOnly {
            return None;
        }
        let (name, address) = (self.name(), self.address());
        let department = self.draws.choose(DEPARTMENT, &DEPARTMENTS);
        let enabled = if self.kind == Kind::AdOnly { "514" } else { "512" };
        let mut entry = entry(
            &self.dn(),
            &["top", "person", "organizationalPerson", "user"],
            &[
                ("cn", &name),
                ("sAMAccountName", &self.sam()),
                ("userPrincipalName", &self.ad_upn()),
                ("displayName", &name),
                ("givenName", self.given),
                ("sn", self.surname),
                ("userAccountControl", enabled),
                ("mail", &address),
                ("mailNickname", &self.mailbox()),
                ("department", department),
                ("title", self.draws.choose(TITLE, &TITLES)),
                ("company", "Contoso"),
                ("physicalDeliveryOfficeName", self.city()),
                ("telephoneNumber", &format!("+49 89 555 {:07}", self.draws.below(PHONE, 10_000_000))),
                ("employeeID", &self.employee_id()),
            ],
        );
        entry.guid = self.guid();
        entry.sid = Some(sid(self.number));
        entry.attributes.insert("proxyAddresses".to_owned(), AdValues::Many(self.addresses()));
        if self.kind == Kind::Synced {
            entry.attributes.insert("mS-DS-ConsistencyGuid".to_owned(), AdValues::octets(self.anchor().octets()));
        }
        Some(entry)
    }

    /// The account as the engine imports it.
    pub(super) fn imported(&self) -> ImportedUser {
        let entry = self.entry().unwrap_or_else(|| unreachable!("{} is in AD", self.sam()));
        ImportedUser::read(entry.guid, sid(self.number), entry.dn.clone(), "corp.contoso.com", |name| {
            entry.values(name).map(AdValues::to_octets).unwrap_or_default()
        })
    }

    /// The cloud user that no engine has made.
    pub(super) fn cloud_user(&self) -> CloudUser {
        let blank = CloudUser {
            id: self.id(),
            display_name: Some(self.name()),
            given_name: Some(self.given.to_owned()),
            surname: Some(self.surname.to_owned()),
            password_version: 1,
            ..CloudUser::named(&self.cloud_upn())
        };
        if self.kind == Kind::CloudOnly {
            let mail = self.is_guest().then(|| format!("{}@partner.example", self.mailbox()));
            let user_type = if self.is_guest() { "Guest" } else { "Member" }.to_owned();
            return CloudUser { mail, user_type, ..blank };
        }
        let mut proxy_addresses = self.addresses();
        if self.difference() == Difference::Alias {
            proxy_addresses.push(format!("smtp:{}@contoso.onmicrosoft.com", self.mailbox()));
        }
        let profile = BTreeMap::from([("employeeId".to_owned(), self.employee_id())]);
        CloudUser { mail: Some(self.address()), mail_nickname: Some(self.mailbox()), proxy_addresses, profile, ..blank }
    }
}
