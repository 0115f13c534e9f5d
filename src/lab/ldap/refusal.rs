//! Why a request is refused: an LDAP result code with a text in Active Directory's form.
//!
//! AD's texts start with the Win32 error in eight hexadecimal digits; clients read that number where one result code
//! has several causes (`000021C8` is a taken UPN, `52e` a wrong password). The `DSID` names a line of Microsoft's own
//! source and means nothing here, so it is zero.
//!
//! Sources: RFC 4511 appendix A (result codes); [MS-ADTS] 3.1.1.3.1.9 (error message strings); [MS-ERREF] 2.2.

use super::schema::Attribute;
use crate::model::dn::Dn;
use rasn_ldap::{LdapResult, ResultCode};

/// The build number with which AD ends its texts; Windows Server 2022's.
const VERSION: &str = "v4f7c";

/// A refused request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The LDAP result code.
    pub code: ResultCode,
    /// The diagnostic message.
    pub text: String,
    /// The closest ancestor that exists, for [`ResultCode::NoSuchObject`]; otherwise empty.
    pub matched_dn: String,
    /// Where else to ask, for [`ResultCode::Referral`].
    pub referral: Vec<String>,
}

/// What a verb answers.
pub type Outcome<T = ()> = Result<T, Refusal>;

impl Refusal {
    fn new(code: ResultCode, text: String) -> Self {
        Self { code, text, matched_dn: String::new(), referral: Vec::new() }
    }

    fn comment(code: ResultCode, win32: u32, comment: &str, data: &str) -> Self {
        Self::new(code, format!("{win32:08X}: LdapErr: DSID-00000000, comment: {comment}, data {data}, {VERSION}"))
    }

    fn update(code: ResultCode, win32: u32, problem: &str) -> Self {
        Self::new(code, format!("{win32:08X}: UpdErr: DSID-00000000, problem {problem}, data 0\n"))
    }

    fn unwilling_service(win32: u32) -> Self {
        let text = format!("{win32:08X}: SvcErr: DSID-00000000, problem 5003 (WILL_NOT_PERFORM), data 0\n");
        Self::new(ResultCode::UnwillingToPerform, text)
    }

    fn attribute(code: ResultCode, win32: u32, problem: &str, name: &str) -> Self {
        let text = format!(
            "{win32:08X}: AtrErr: DSID-00000000, #1:\n\t0: {win32:08X}: DSID-00000000, problem {problem}, data 0, Att 0 \
             ({name})\n"
        );
        Self::new(code, text)
    }

    /// The request needs a bind first. AD answers an anonymous search with operationsError, not with a rights error.
    pub fn not_bound() -> Self {
        let comment = "In order to perform this operation a successful bind must be completed on the connection.";
        Self::comment(ResultCode::OperationsError, 0x4DC, comment, "0")
    }

    /// Wrong name or password; `52e` is ERROR_LOGON_FAILURE in hexadecimal.
    pub fn bad_credentials() -> Self {
        Self::comment(ResultCode::InvalidCredentials, 0x8009_0308, "AcceptSecurityContext error", "52e")
    }

    /// A simple bind over a plain connection where the server demands encryption.
    pub fn encryption_required() -> Self {
        let comment = "The server requires binds to turn on integrity checking if SSL\\TLS are not already active on \
                       the connection";
        Self::comment(ResultCode::StrongerAuthRequired, 0x2028, comment, "0")
    }

    /// A bind method that the lab does not speak (SASL).
    pub fn unknown_bind_method() -> Self {
        Self::comment(ResultCode::AuthMethodNotSupported, 0x2027, "Invalid Authentication method", "0")
    }

    /// A message that breaks the protocol, or an extended operation that nobody knows.
    pub fn protocol(comment: &str) -> Self {
        Self::comment(ResultCode::ProtocolError, 0x57, comment, "0")
    }

    /// StartTLS on a connection that is encrypted already.
    pub fn already_encrypted() -> Self {
        Self::comment(ResultCode::OperationsError, 0, "TLS or SSL already in effect", "0")
    }

    /// A control that is critical and unknown, or whose value is not what it must be.
    pub fn bad_control() -> Self {
        Self::comment(ResultCode::UnavailableCriticalExtension, 0x57, "Error processing control", "0")
    }

    /// A paging cookie that this connection never gave out, or that has expired.
    pub fn bad_cookie() -> Self {
        Self::comment(ResultCode::UnwillingToPerform, 0x57, "The paging cookie is not one of this connection", "0")
    }

    /// A request that AD understands and will not perform.
    pub fn unwilling(comment: &str) -> Self {
        Self::comment(ResultCode::UnwillingToPerform, 0x2035, comment, "0")
    }

    /// A matching rule that the lab does not evaluate; an empty answer would be a wrong answer.
    pub fn matching_rule(rule: &str) -> Self {
        let comment = format!("The matching rule {rule} is not supported");
        Self::comment(ResultCode::InappropriateMatching, 0x57, &comment, "0")
    }

    /// A text that should be a distinguished name.
    pub fn bad_dn(text: &str) -> Self {
        let text = format!(
            "00002032: NameErr: DSID-00000000, problem 2006 (BAD_NAME), data 8350, best match of:\n\t'{text}'\n"
        );
        Self::new(ResultCode::InvalidDnSyntax, text)
    }

    /// The entry does not exist; `matched` is its closest ancestor that does.
    pub fn no_such_object(matched: Option<&Dn>) -> Self {
        let matched = matched.map_or("", Dn::as_str);
        let text = format!(
            "0000208D: NameErr: DSID-00000000, problem 2001 (NO_OBJECT), data 0, best match of:\n\t'{matched}'\n"
        );
        Self { matched_dn: matched.to_owned(), ..Self::new(ResultCode::NoSuchObject, text) }
    }

    /// The name belongs to a domain that this server does not hold.
    pub fn elsewhere(host: &str, dn: &Dn) -> Self {
        let text = format!("0000202B: RefErr: DSID-00000000, data 0, 1 access points\n\tref 1: '{host}'\n");
        Self { referral: vec![super::target::ldap_url(host, dn)], ..Self::new(ResultCode::Referral, text) }
    }

    /// More entries match than one answer may hold.
    pub fn size_limit() -> Self {
        Self::new(ResultCode::SizeLimitExceeded, String::new())
    }

    /// The server has too much to do (ERROR_DS_BUSY).
    pub fn busy() -> Self {
        let text = "0000200E: SvcErr: DSID-00000000, problem 5001 (BUSY), data 0\n".to_owned();
        Self::new(ResultCode::Busy, text)
    }

    /// The server takes no requests now (ERROR_DS_UNAVAILABLE).
    pub fn unavailable() -> Self {
        let text = "0000200F: SvcErr: DSID-00000000, problem 5002 (UNAVAILABLE), data 0\n".to_owned();
        Self::new(ResultCode::Unavailable, text)
    }

    /// A search took longer than it may.
    pub fn time_limit() -> Self {
        Self::new(ResultCode::TimeLimitExceeded, String::new())
    }

    /// A search met one of the administrator's limits (ERROR_DS_ADMIN_LIMIT_EXCEEDED).
    pub fn admin_limit() -> Self {
        let text = "00002024: SvcErr: DSID-00000000, problem 5008 (ADMIN_LIMIT_EXCEEDED), data 0\n".to_owned();
        Self::new(ResultCode::AdminLimitExceeded, text)
    }

    /// The account may not do this.
    pub fn no_rights() -> Self {
        let text = "00002098: SecErr: DSID-00000000, problem 4003 (INSUFF_ACCESS_RIGHTS), data 0\n".to_owned();
        Self::new(ResultCode::InsufficientAccessRights, text)
    }

    /// The schema has no such attribute. AD answers noSuchAttribute, as it does for an absent value.
    pub fn unknown_attribute() -> Self {
        Self::comment(ResultCode::NoSuchAttribute, 0x57, "Error in attribute conversion operation", "0")
    }

    /// The value or the whole attribute is not there to be deleted.
    pub fn no_value(attribute: &Attribute) -> Self {
        Self::attribute(ResultCode::NoSuchAttribute, 0x2085, "1001 (NO_ATTRIBUTE_OR_VAL)", attribute.name)
    }

    /// The value is there already, or twice in the request.
    pub fn value_exists(attribute: &Attribute) -> Self {
        Self::attribute(ResultCode::AttributeOrValueExists, 0x2083, "1006 (ATT_OR_VALUE_EXISTS)", attribute.name)
    }

    /// A second value for an attribute that holds one.
    pub fn single_valued(attribute: &Attribute) -> Self {
        Self::attribute(ResultCode::AttributeOrValueExists, 0x2081, "1006 (ATT_OR_VALUE_EXISTS)", attribute.name)
    }

    /// A value that the attribute's syntax does not allow.
    pub fn bad_value(attribute: &Attribute) -> Self {
        Self::attribute(ResultCode::InvalidAttributeSyntax, 0x200B, "1002 (INVALID_ATT_SYNTAX)", attribute.name)
    }

    /// An attribute that only the directory itself writes.
    pub fn system_only(attribute: &Attribute) -> Self {
        Self::attribute(ResultCode::ConstraintViolation, 0x209A, "1005 (CONSTRAINT_ATT_TYPE)", attribute.name)
    }

    /// Another object in the forest has this value, which must be unique in it (ERROR_DS_UPN_VALUE_NOT_UNIQUE_IN_FOREST,
    /// ERROR_DS_SPN_VALUE_NOT_UNIQUE_IN_FOREST).
    pub fn not_unique_in_forest(attribute: &Attribute) -> Self {
        let win32 = if attribute.name == "servicePrincipalName" { 0x21C7 } else { 0x21C8 };
        Self::attribute(ResultCode::ConstraintViolation, win32, "1005 (CONSTRAINT_ATT_TYPE)", attribute.name)
    }

    /// Another account in the domain has this name (ERROR_USER_EXISTS).
    pub fn account_exists() -> Self {
        Self::update(ResultCode::EntryAlreadyExists, 0x524, "6005 (ENTRY_EXISTS)")
    }

    /// The security accounts manager owns this attribute.
    pub fn owned_by_sam() -> Self {
        Self::unwilling_service(0x209A)
    }

    /// The attribute names the entry: rename it instead.
    pub fn names_the_entry() -> Self {
        Self::update(ResultCode::NotAllowedOnRdn, 0x20B1, "6004 (CANT_ON_RDN)")
    }

    /// The structural class of an entry stays.
    pub fn class_is_fixed() -> Self {
        Self::update(ResultCode::ObjectClassModsProhibited, 0x2069, "6001 (OBJ_CLASS_MODS_PROHIBITED)")
    }

    /// The entry's class does not allow this attribute, or demands one that is missing.
    pub fn class_violation() -> Self {
        Self::update(ResultCode::ObjectClassViolation, 0x207D, "6002 (OBJ_CLASS_VIOLATION)")
    }

    /// The name does not fit the class (an OU is named by `OU=`), or the parent.
    pub fn naming_violation() -> Self {
        Self::update(ResultCode::NamingViolation, 0x2099, "6000 (NAMING_VIOLATION)")
    }

    /// The name is taken.
    pub fn entry_exists() -> Self {
        Self::update(ResultCode::EntryAlreadyExists, 0x2071, "6005 (ENTRY_EXISTS)")
    }

    /// The entry has children.
    pub fn has_children() -> Self {
        Self::update(ResultCode::NotAllowedOnNonLeaf, 0x208C, "6003 (CANT_ON_NON_LEAF)")
    }

    /// The container to move into does not exist. AD answers `other`, not noSuchObject.
    pub fn no_new_parent() -> Self {
        Self::update(ResultCode::Other, 0x2095, "6001 (NO_PARENT)")
    }

    /// A move into another domain, which LDAP rename cannot do.
    pub fn other_domain() -> Self {
        Self::update(ResultCode::AffectsMultipleDsas, 0x2104, "6007 (AFFECTS_MULTIPLE_DSAS)")
    }

    /// A value of a linked attribute names no object.
    pub fn no_link_target() -> Self {
        let text = "00000525: NameErr: DSID-00000000, problem 2001 (NO_OBJECT), data 0, best match of:\n\t''\n";
        Self::new(ResultCode::NoSuchObject, text.to_owned())
    }

    /// The world could not be saved, so nothing was done.
    pub fn not_saved(error: &std::io::Error) -> Self {
        Self::new(ResultCode::Unavailable, format!("The lab's world file could not be written: {error}"))
    }

    /// This refusal as the protocol's `LDAPResult`.
    pub fn to_result(&self) -> LdapResult {
        let mut result = LdapResult::new(self.code, self.matched_dn.as_str().into(), self.text.as_str().into());
        if !self.referral.is_empty() {
            result.referral = Some(self.referral.iter().map(|url| url.as_str().into()).collect());
        }
        result
    }
}
