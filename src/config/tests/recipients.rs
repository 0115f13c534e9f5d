//! The export of Exchange's recipients in every form that PowerShell and people give it.

use crate::config::recipients::read;
use crate::diagnostic::render_all;
use crate::model::recipient::Recipient;

const HEADER: &str =
    "RecipientTypeDetails,DisplayName,PrimarySmtpAddress,EmailAddresses,ExternalDirectoryObjectId,Guid";
const GUID: &str = "88666888-0101-1111-bbbb-1234567890ab";

fn good(octets: &[u8]) -> Vec<Recipient> {
    let (recipients, found, sources) = read("recipients.csv", octets);
    recipients.unwrap_or_else(|| panic!("{}", render_all(&found, &sources, false, 100)))
}

fn bad(text: &str) -> (Vec<&'static str>, String) {
    let (recipients, found, sources) = read("recipients.csv", text.as_bytes());
    assert_eq!(recipients, None);
    (found.iter().map(|problem| problem.code).collect(), render_all(&found, &sources, false, 100))
}

/// A file with one public folder that has these addresses.
fn with(addresses: &str) -> String {
    format!("{HEADER}\r\nPublicFolder,News,news@contoso.com,\"{addresses}\",,{GUID}\r\n")
}

fn addresses(cell: &str) -> Vec<String> {
    good(with(cell).as_bytes())[0].addresses.to_strings()
}

#[test]
fn every_way_of_joining_addresses_is_read() {
    let wanted = ["SMTP:news@contoso.com", "smtp:n@contoso.com"];
    for cell in [
        "SMTP:news@contoso.com smtp:n@contoso.com",
        "SMTP:news@contoso.com;smtp:n@contoso.com",
        "smtp:n@contoso.com, SMTP:news@contoso.com",
        "SMTP:news@contoso.com\nsmtp:n@contoso.com\n",
        "SMTP:news@contoso.com\r\nsmtp:n@contoso.com",
        "{SMTP:news@contoso.com, smtp:n@contoso.com}",
        "SMTP:news@contoso.com|smtp:n@contoso.com",
        "n@contoso.com SMTP:news@contoso.com",
        "SMTP:news@contoso.com n@contoso.com",
    ] {
        assert_eq!(addresses(cell), wanted, "{cell:?}");
    }
}

#[test]
fn the_primary_address_counts_where_the_list_lacks_it() {
    assert_eq!(addresses("smtp:n@contoso.com"), ["SMTP:news@contoso.com", "smtp:n@contoso.com"]);
    assert_eq!(addresses(""), ["SMTP:news@contoso.com"]);
}

#[test]
fn an_x500_address_keeps_its_blanks_and_commas() {
    let x500 = "X500:/o=Contoso, Ltd/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=news";
    for separator in [" ", ";", ", "] {
        let cell = format!("{x500}{separator}SMTP:news@contoso.com{separator}SIP:news@contoso.com");
        assert_eq!(addresses(&cell), ["SMTP:news@contoso.com", "SIP:news@contoso.com", x500], "{cell:?}");
    }
}

#[test]
fn every_encoding_and_line_of_powershell_is_read() {
    let text =
        format!("#TYPE Selected.System.Management.Automation.PSCustomObject\r\n{}", with("SMTP:news@contoso.com"));
    let wanted = good(with("SMTP:news@contoso.com").as_bytes());
    let le: Vec<u8> = [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let be: Vec<u8> = [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
    let marked = format!("\u{feff}{text}");
    let tabs = text.replace(',', "\t");
    let semicolons = text.replace(',', ";");
    let excel = format!("sep=;\r\n{}", with("SMTP:news@contoso.com").replace(',', ";"));
    let quoted =
        text.replace(HEADER, &HEADER.split(',').map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(","));
    let unix = text.replace("\r\n", "\n");
    for octets in [
        &le,
        &be,
        marked.as_bytes(),
        tabs.as_bytes(),
        semicolons.as_bytes(),
        excel.as_bytes(),
        quoted.as_bytes(),
        unix.as_bytes(),
    ] {
        assert_eq!(good(octets), wanted, "{:?}", String::from_utf8_lossy(octets));
    }
}

#[test]
fn names_and_ids_are_the_first_that_are_there() {
    let text = format!(
        "name;identity;recipienttypedetails;emailaddresses;guid;externaldirectoryobjectid\n\
         \"A \"\"quoted\"\" one; with a semicolon\";a;DynamicDistributionGroup;SMTP:a@x;{GUID};\n\
         ;b;UserMailbox;SMTP:b@x;{GUID};00000000-0000-0000-0000-000000000000\n\
         C;c;GroupMailbox;SMTP:c@x;{GUID};aaaaaaaa-0101-1111-bbbb-1234567890ab\n\
         D;d;PublicFolder;SMTP:d@x;;\n\
         E;e;PublicFolder;;;\n\n"
    );
    let found: Vec<(String, String)> = good(text.as_bytes()).into_iter().map(|r| (r.name, r.id)).collect();
    let pair = |name: &str, id: &str| (name.to_owned(), id.to_owned());
    let other = "aaaaaaaa-0101-1111-bbbb-1234567890ab";
    // The last one has no address, so it can stand in nobody's way.
    assert_eq!(
        found,
        [pair("A \"quoted\" one; with a semicolon", GUID), pair("b", GUID), pair("C", other), pair("D", "d")]
    );
}

#[test]
fn an_export_without_rows_says_that_there_is_none() {
    assert_eq!(good(format!("{HEADER}\n").as_bytes()), []);
}

#[test]
fn a_list_that_was_not_joined_is_refused_with_the_right_command() {
    let two = with("System.Object[]") + "PublicFolder,Old,old@contoso.com,System.Object[],,x\r\n";
    let (codes, text) = bad(&two);
    assert_eq!(codes, ["recipients-not-joined"], "said once");
    assert!(
        text.contains("recipients.csv:2:") && text.contains("one more line") && text.contains("-join ' '"),
        "{text}"
    );
    for cell in ["Microsoft.Exchange.Data.ProxyAddressCollection", "System.Collections.ArrayList", "System.String[]"] {
        assert_eq!(bad(&with(cell)).0, ["recipients-not-joined"], "{cell}");
    }
    assert_eq!(bad(&with("{SMTP:news@contoso.com, smtp:n@contoso.com...")).0, ["recipients-cut-off"]);
    assert_eq!(bad(&with("{SMTP:news@contoso.com, smtp:n@cont…}")).0, ["recipients-cut-off"]);
}

#[test]
fn every_problem_is_told_at_once_with_its_line() {
    let text = format!(
        "{HEADER}\nPublicFolder,A,a@x,SMTP:a,,{GUID}\nPublicFolder,B,b@x,SMTP:b@x\nPublicFolder,C,c@x,SMTP:c@x,,\n\
         ,D,d@x,SMTP:d@x,,{GUID}\nPublicFolder,E,e,SMTP:e@x,,{GUID}\n"
    );
    let (codes, text) = bad(&text);
    let wanted = ["recipients-address", "recipients-row", "recipients-id", "recipients-type", "recipients-address"];
    assert_eq!(codes, wanted);
    for line in 2..=6 {
        assert!(text.contains(&format!("recipients.csv:{line}:")), "line {line}:\n{text}");
    }
}

#[test]
fn a_file_of_the_wrong_form_does_not_flood_the_screen() {
    let (codes, text) = bad(&format!("{HEADER}\n{}", "x\n".repeat(500)));
    assert!(codes.len() <= 21 && text.contains("480 more lines"), "{text}");
}

#[test]
fn what_is_no_export_is_refused() {
    let (codes, text) = bad("DisplayName,EmailAddresses\nA,SMTP:a@x\n");
    assert_eq!(codes, ["recipients-columns"]);
    assert!(text.contains("RecipientTypeDetails") && text.contains("Get-Recipient"), "{text}");
    assert_eq!(bad("").0, ["recipients-empty"]);
    assert_eq!(bad("\n\n").0, ["recipients-empty"]);
    let (recipients, found, _) = read("r.csv", &[HEADER.as_bytes(), b"\nPublicFolder,M\xfcller"].concat());
    assert!(recipients.is_none() && found[0].message.contains("line 2"), "{found:?}");
    let (recipients, found, _) = read("r.csv", &[0xff, 0xfe, 0x41]);
    assert!(recipients.is_none() && found[0].message.contains("UTF-16"), "{found:?}");
}

#[test]
fn directory_data_cannot_reach_the_terminal_raw() {
    let (_, text) = bad(&format!("{HEADER}\nPublicFolder,\u{1b}[31mA\u{202e},a@x,SMTP:a,,{GUID}\n"));
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text:?}");
}

proptest::proptest! {
    #[test]
    fn no_file_makes_it_panic(octets: Vec<u8>) {
        let _ = read("x.csv", &octets);
    }

    #[test]
    fn no_table_makes_it_panic(body in "[ -~\u{e9}\n\",;]{0,200}") {
        let _ = read("x.csv", format!("{HEADER}\n{body}").as_bytes());
    }
}
