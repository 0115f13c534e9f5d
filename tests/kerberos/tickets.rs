//! A Kerberos client of the test's own: configuration and ticket cache lie in the test's folder.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// The realm that Samba serves.
const REALM: &str = "CORP.CONTOSO.COM";

pub struct Tickets {
    folder: PathBuf,
}

impl Tickets {
    /// No ticket yet; the Kerberos server is at this address.
    pub fn of(folder: &Path, server: Ipv4Addr) -> Self {
        let tickets = Self { folder: folder.join("kerberos") };
        fs::create_dir(&tickets.folder).unwrap();
        tickets.lead_to(&format!("{server}:88"));
        tickets
    }

    /// Writes `krb5.conf`. It names no default realm: the program says which one it means.
    pub fn lead_to(&self, server: &str) {
        let text = format!(
            "[libdefaults]\n dns_lookup_kdc = false\n dns_lookup_realm = false\n dns_canonicalize_hostname = false\n \
             rdns = false\n udp_preference_limit = 1\n[realms]\n {REALM} = {{\n  kdc = {server}\n }}\n"
        );
        fs::write(self.folder.join("krb5.conf"), text).unwrap();
    }

    pub fn name_in(&self, command: &mut Command) {
        command.env("KRB5_CONFIG", self.folder.join("krb5.conf"));
        command.env("KRB5CCNAME", format!("FILE:{}", self.folder.join("cache").display()));
        command.env("KRB5_CLIENT_KTNAME", format!("FILE:{}", self.folder.join("key.tab").display()));
    }

    /// `kinit`: replaces what is there.
    pub async fn get(&self, who: &str, password: &str, more: &[&str]) {
        let mut kinit = Command::new("kinit");
        kinit.args(more).arg(who).env("LC_ALL", "C");
        self.name_in(&mut kinit);
        let mut kinit = kinit.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("kinit is installed");
        kinit.stdin.take().unwrap().write_all(format!("{password}\n").as_bytes()).await.unwrap();
        assert!(kinit.wait().await.unwrap().success(), "kinit {who}");
    }

    /// Keeps the key in a keytab, from which the library gets tickets by itself.
    pub async fn keep_key(&self, who: &str, password: &str) {
        let file = self.folder.join("key.tab");
        let mut ktutil = Command::new("ktutil");
        self.name_in(&mut ktutil);
        let mut ktutil = ktutil.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("ktutil is installed");
        let said = format!(
            "addent -password -p {who} -k 1 -e aes256-cts-hmac-sha1-96\n{password}\nwkt {}\nquit\n",
            file.display()
        );
        ktutil.stdin.take().unwrap().write_all(said.as_bytes()).await.unwrap();
        assert!(ktutil.wait().await.unwrap().success() && file.exists(), "ktutil {who}");
    }

    /// Throws tickets and keys away.
    pub fn throw_away(&self) {
        for name in ["cache", "key.tab"] {
            let _ = fs::remove_file(self.folder.join(name));
        }
    }
}
