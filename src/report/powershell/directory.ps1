# ---- Active Directory ----

# One domain controller for all of a domain's reads and writes: another may not have heard of a write yet.
function Get-Server([string] $Domain) {
    if (-not $Matchplan.Servers[$Domain]) {
        $found = Get-ADDomainController -Discover -DomainName $Domain -Writable -ErrorAction Stop
        $Matchplan.Servers[$Domain] = [string] @($found.HostName)[0]
    }
    $Matchplan.Servers[$Domain]
}

# The values of an attribute as texts; octets as their Base64.
function Get-Values($User, [string] $Name) {
    $raw = $User.$Name
    if ($null -eq $raw) { return }
    if ($Name -eq 'mS-DS-ConsistencyGuid') {
        if ($raw -isnot [byte[]] -and @($raw)[0] -is [byte[]]) { $raw = @($raw)[0] }
        return [Convert]::ToBase64String([byte[]] $raw)
    }
    foreach ($value in $raw) { [string] $value }
}

function Read-Values($User, [object[]] $Changes) {
    foreach ($change in $Changes) { $change.Now = @(Get-Values $User $change.Name) }
}

function Assert-Written([string] $Whose, [object[]] $Changes) {
    foreach ($change in $Changes) {
        if (-not (Test-Same $change.Kind $change.Now $change.After)) {
            throw (ConvertTo-Shown "$($change.Name) of $Whose does not show what was written: '$(@($change.Now) -join '; ')'. Look before you go on.")
        }
    }
    Write-Line "   read back: $Whose is as planned"
}

# A DN's parts. A backslash protects the character behind it (RFC 4514 section 2.4).
function Split-Dn([string] $Dn) {
    $part = New-Object Text.StringBuilder
    $escaped = $false
    foreach ($c in $Dn.ToCharArray()) {
        if ($c -eq ',' -and -not $escaped) { $part.ToString(); [void] $part.Clear(); continue }
        [void] $part.Append($c)
        $escaped = ($c -eq '\') -and -not $escaped
    }
    $part.ToString()
}

# The container: everything behind the first part.
function Get-ParentDn([string] $Dn) {
    $parts = @(Split-Dn $Dn)
    if ($parts.Count -lt 2) { throw (ConvertTo-Shown "'$Dn' is in no container.") }
    ($parts[1..($parts.Count - 1)] -join ',').TrimStart(' ')
}

# What two DNs compare by: without case, without blanks around separators, escapes resolved (RFC 4514 section 3).
function Get-DnKey([string] $Dn) {
    $keys = foreach ($part in @(Split-Dn $Dn)) {
        $kind, $value = $part -split '=', 2
        $bare = ([string] $value).Trim(' ')
        # A blank behind a backslash belongs to the value.
        if ($bare -match '(^|[^\\])(\\\\)*\\$') { $bare += ' ' }
        $octets = New-Object 'Collections.Generic.List[byte]'
        $at = 0
        while ($at -lt $bare.Length) {
            $length = 1
            if ($bare[$at] -eq '\' -and $at + 2 -lt $bare.Length -and $bare.Substring($at + 1, 2) -match '^[0-9A-Fa-f]{2}$') {
                $octets.Add([Convert]::ToByte($bare.Substring($at + 1, 2), 16))
                $at += 3
                continue
            }
            if ($bare[$at] -eq '\' -and $at + 1 -lt $bare.Length) { $at++ }
            if ([char]::IsHighSurrogate($bare[$at]) -and $at + 1 -lt $bare.Length) { $length = 2 }
            $octets.AddRange([Text.Encoding]::UTF8.GetBytes($bare.Substring($at, $length)))
            $at += $length
        }
        ($kind.Trim(' ') + '=' + [Text.Encoding]::UTF8.GetString($octets.ToArray())).ToLowerInvariant()
    }
    # A character that no DN has, between parts.
    @($keys) -join [string] [char] 0
}
