//! The exit codes. They are part of the tool's interface: documented, tested, and the same in JSON output.

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: success, or nothing to do.
    Success,
    /// 1: an error; nothing was changed unless the message says so.
    Error,
    /// 2: changes are pending (`plan --detailed-exitcode`).
    Pending,
    /// 3: blocked by findings or by a brake.
    Blocked,
    /// 4: the saved plan is stale, edited, expired or of another tenant.
    Stale,
    /// 5: somebody else holds the lock.
    Locked,
    /// 6: partly applied, or waiting; `apply` goes on.
    Partial,
    /// 7: stuck; a person must decide.
    Stuck,
    /// 64: the command line is wrong.
    Usage,
    /// 130: interrupted; the state is saved.
    Interrupted,
}

impl Exit {
    /// The number.
    pub const fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Error => 1,
            Self::Pending => 2,
            Self::Blocked => 3,
            Self::Stale => 4,
            Self::Locked => 5,
            Self::Partial => 6,
            Self::Stuck => 7,
            Self::Usage => 64,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}
