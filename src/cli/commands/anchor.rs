//! `matchplan anchor`: one source anchor in all its spellings.

use crate::cli::args::{Anchor as Args, TextOrJson};
use crate::cli::error::{CliError, CliResult};
use crate::cli::exit::Exit;
use crate::cli::terminal::Terminal;
use crate::model::anchor::{Anchor, AnchorError};
use crate::report::anchor::AnchorView;

/// Converts the value on standard output.
pub fn run(args: &Args, terminal: Terminal) -> CliResult {
    let anchor = Anchor::from_any(&args.value).map_err(|error| {
        CliError::new(Exit::Error, format!("This value is no source anchor: {error}.")).hint(hint(&error))
    })?;
    let view = AnchorView::from(&anchor);
    let as_json = args.format == TextOrJson::Json;
    terminal.give(as_json, || view.to_json(), || view.to_text(terminal.out_style()))?;
    Ok(Exit::Success)
}

const fn hint(error: &AnchorError) -> &'static str {
    match error {
        AnchorError::Length { .. } | AnchorError::Octets { .. } | AnchorError::NotBase64 { .. } => {
            "Copy the whole value. PowerShell: [Convert]::ToBase64String((Get-ADUser NAME).ObjectGUID.ToByteArray())"
        }
        AnchorError::NotGuid(_) | AnchorError::NotConnectorDn(_) | AnchorError::NotFilter(_) => {
            "Forms: a GUID, 24 characters of Base64, 32 hexadecimal digits, \\xx sixteen times, CN={…}."
        }
    }
}
