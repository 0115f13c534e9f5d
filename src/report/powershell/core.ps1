# ---- The functions that every step uses ----

# What may be shown: directory values can hold characters that a terminal would obey.
function ConvertTo-Shown($Value) { ([string] $Value) -replace '[\p{C}\p{Zl}\p{Zp}]', '?' }

function Write-Line([string] $Text) { Write-Host (ConvertTo-Shown $Text) }

# A time as Graph or the plan writes it, in UTC; $null for none.
function ConvertTo-Utc($Value) {
    if ($Value -is [datetime]) { return $Value.ToUniversalTime() }
    if (-not $Value) { return $null }
    $culture = [Globalization.CultureInfo]::InvariantCulture
    [datetimeoffset]::Parse([string] $Value, $culture, [Globalization.DateTimeStyles]::AssumeUniversal).UtcDateTime
}

function Get-UtcText { [datetime]::UtcNow.ToString('yyyy-MM-ddTHH:mm:ssZ', [Globalization.CultureInfo]::InvariantCulture) }

# What two values compare by. The comparison itself is by character codes: no culture, nothing that is left out.
function Get-Key([string] $Kind, [string] $Value) {
    switch ($Kind) {
        'name' { $Value.ToLowerInvariant() }
        'address' {
            if ($Value.StartsWith('SMTP:', [StringComparison]::Ordinal)) { 'SMTP:' + $Value.Substring(5).ToLowerInvariant() }
            else { $Value.ToLowerInvariant() }
        }
        'dn' { Get-DnKey $Value }
        default { $Value }
    }
}

# Whether two lists hold the same values, in any order.
function Test-Same([string] $Kind, $One, $Other) {
    $left = New-Object 'System.Collections.Generic.HashSet[string]' ([StringComparer]::Ordinal)
    $right = New-Object 'System.Collections.Generic.HashSet[string]' ([StringComparer]::Ordinal)
    foreach ($value in @($One)) { if ($null -ne $value) { [void] $left.Add((Get-Key $Kind $value)) } }
    foreach ($value in @($Other)) { if ($null -ne $value) { [void] $right.Add((Get-Key $Kind $value)) } }
    $left.SetEquals($right)
}

# $true if something is still to be written, $false if all of it is there already. Anything else is somebody's change
# since the plan was made, and stops the step. Each change has a Name, a Kind, and the values Now, Before and After.
function Test-Todo([string] $Whose, [object[]] $Changes) {
    $open = @($Changes | Where-Object { -not (Test-Same $_.Kind $_.Now $_.After) })
    if ($open.Count -eq 0) { Write-Line "   $Whose has it already"; return $false }
    foreach ($change in $Changes) {
        if (-not (Test-Same $change.Kind $change.Now $change.Before)) {
            $now = @($change.Now) -join '; '
            throw (ConvertTo-Shown "$($change.Name) of $Whose is '$now', not as the plan expects it: somebody has changed it. Nothing is written; plan again.")
        }
    }
    $true
}

# Reads until something shows: replicas lag.
function Wait-For([string] $What, [int] $Seconds, [scriptblock] $Test) {
    $until = [datetime]::UtcNow.AddSeconds($Seconds)
    while (-not (& $Test)) {
        if ([datetime]::UtcNow -gt $until) { throw (ConvertTo-Shown "After $Seconds seconds it does not show that $What.") }
        Start-Sleep -Seconds 5
    }
    Write-Line "   seen: $What"
}

# ---- Microsoft Graph ----

# Signs in, unless this session is signed in to the tenant of the plan.
function Connect-Plan {
    if ($Matchplan.Connected) { return }
    $context = Get-MgContext
    if ($null -eq $context -or $context.TenantId -ne $Matchplan.Tenant) {
        if (-not $Matchplan.Environment) { throw 'Connect-MgGraph has no environment for this cloud: sign in to it yourself, then go on.' }
        Connect-MgGraph -TenantId $Matchplan.Tenant -Scopes $Matchplan.Scopes -Environment $Matchplan.Environment -NoWelcome -ErrorAction Stop
        $context = Get-MgContext
    }
    if ($null -eq $context -or $context.TenantId -ne $Matchplan.Tenant) { throw 'You are not signed in to the tenant of this plan.' }
    if ($context.AuthType -eq 'Delegated') { $Matchplan.Me = [string] (Get-Graph '/me?$select=id')['id'] }
    $Matchplan.Connected = $true
}

# The HTTP status of an error; 0 if the error carries none.
function Get-StatusCode($Failure) {
    $exception = $Failure.Exception
    while ($null -ne $exception) {
        if ($null -ne $exception.Response) { return [int] $exception.Response.StatusCode }
        $exception = $exception.InnerException
    }
    0
}

# What Graph said about an error.
function Get-FailureText($Failure) {
    $text = [string] $Failure.ErrorDetails + ' ' + [string] $Failure.Exception.Message
    $exception = $Failure.Exception
    while ($null -ne $exception) {
        if ($null -ne $exception.Response -and $null -ne $exception.Response.Content) {
            try { $text += ' ' + $exception.Response.Content.ReadAsStringAsync().GetAwaiter().GetResult() } catch { $text += ' (its text is gone)' }
        }
        $exception = $exception.InnerException
    }
    $text
}

# One object.
function Get-Graph([string] $Path) {
    Invoke-MgGraphRequest -Method GET -Uri ($Matchplan.Graph + '/v1.0' + $Path) -OutputType HashTable -ErrorAction Stop
}

# All items of a list, page after page. A list that cannot be read, for whatever reason, is an error and not an empty one.
function Get-Items([string] $Path) {
    $next = $Matchplan.Graph + '/v1.0' + $Path
    while ($next) {
        $answer = Invoke-MgGraphRequest -Method GET -Uri $next -OutputType HashTable -ErrorAction Stop
        if ($answer -isnot [Collections.IDictionary] -or $null -eq $answer['value']) { throw "Graph answered no list to $next." }
        foreach ($item in @($answer['value'])) { $item }
        $next = [string] $answer['@odata.nextLink']
        if ($next -and -not $next.StartsWith($Matchplan.Graph + '/', [StringComparison]::OrdinalIgnoreCase)) {
            throw 'The next page is said to be on another server.'
        }
    }
}

# A change. What is to be deleted and is not there any more is no error: the reading afterwards tells.
function Send-Graph([string] $Method, [string] $Path, [string] $Body) {
    $request = @{ Method = $Method; Uri = ($Matchplan.Graph + '/v1.0' + $Path); OutputType = 'HashTable'; ErrorAction = 'Stop' }
    if ($Body) { $request.Body = $Body; $request.ContentType = 'application/json' }
    try { $answer = Invoke-MgGraphRequest @request }
    catch {
        if ($Method -eq 'DELETE' -and (Get-StatusCode $_) -eq 404) { Write-Line '   Graph says that it is not there any more'; return }
        throw
    }
    if ($answer -isnot [Collections.IDictionary]) { return }
    # PIM accepts an order first and says by its status what becomes of it.
    $status = [string] $answer['status']
    if ($status -match '^(Denied|Failed|Canceled)$') { throw "Privileged Identity Management refused the order: $status." }
    if ($status -match '^Pending(Approval|AdminDecision)$') { throw "The order waits for approval in Privileged Identity Management ($status). Approve it, then run the step again." }
}

# ---- What this script has done: kept in a file beside it, so that only that is taken back ----

function Read-Record {
    if (-not (Test-Path -LiteralPath $Matchplan.Record)) { return }
    $read = ConvertFrom-Json ([IO.File]::ReadAllText($Matchplan.Record))
    if ($read.plan -cne $Matchplan.Plan) { throw "$($Matchplan.Record) is the record of another plan: give this one another with -Record." }
    foreach ($entry in @($read.entries)) { if ($null -ne $entry) { $entry } }
}

# Written to a new file first, so that a crash leaves the old record or the new one.
function Save-Record([string] $Of, [string] $State, $What) {
    $entries = @(Read-Record) + @(@{ step = $Of; state = $State; at = (Get-UtcText); what = $What })
    $json = ConvertTo-Json @{ plan = $Matchplan.Plan; entries = $entries } -Depth 8
    $new = $Matchplan.Record + '.new'
    [IO.File]::WriteAllText($new, $json)
    if (Test-Path -LiteralPath $Matchplan.Record) { [IO.File]::Replace($new, $Matchplan.Record, [NullString]::Value) }
    else { [IO.File]::Move($new, $Matchplan.Record) }
}

# The last state of a step: begun, done, undoing, undone; of a role: taking, taken, giving, given, ended. Empty for none.
function Get-Standing([string] $Of) {
    $state = ''
    foreach ($entry in @(Read-Record)) { if ($entry.step -ceq $Of) { $state = [string] $entry.state } }
    $state
}

# ---- Links ----

# Whether a link is formed, read now. What this plan does not verify counts as not formed.
function Test-Linked([string] $Link) {
    $wanted = $Matchplan.Links[$Link]
    if ($null -eq $wanted) { return $false }
    $user = Get-Graph ('/users/' + $wanted.Cloud + '?$select=id,onPremisesSyncEnabled,onPremisesImmutableId,onPremisesSecurityIdentifier')
    ($user['onPremisesSyncEnabled'] -eq $true) -and
        [string]::Equals([string] $user['onPremisesImmutableId'], $wanted.Anchor, [StringComparison]::Ordinal) -and
        [string]::Equals([string] $user['onPremisesSecurityIdentifier'], $wanted.Sid, [StringComparison]::OrdinalIgnoreCase)
}

# For a rollback: what a formed link rests on is not written back.
function Assert-NotFormed([string] $Cloud, [string] $Anchor) {
    $user = Get-Graph ('/users/' + $Cloud + '?$select=id,onPremisesSyncEnabled,onPremisesImmutableId')
    $same = -not $Anchor -or [string]::Equals([string] $user['onPremisesImmutableId'], $Anchor, [StringComparison]::Ordinal)
    if ($user['onPremisesSyncEnabled'] -eq $true -and $same) {
        throw 'The link has been formed since the plan was made: writing attributes back would change or delete the cloud user. Plan the rollback again.'
    }
}

# The links of a wave that are to be formed and are not.
function Get-OpenLinks([int] $Wave) {
    foreach ($step in $Matchplan.Steps) {
        if ($step.Kind -eq 'verify' -and $step.Wave -eq $Wave -and -not (Test-Linked $step.Link)) { $step.Link }
    }
}

function Get-ImmutableId([string] $User) {
    $value = [string] (Get-Graph ('/users/' + $User + '?$select=id,onPremisesImmutableId'))['onPremisesImmutableId']
    if ($value) { $value }
}

# ---- Running ----

function Add-Step([hashtable] $Step, [scriptblock] $Do, [scriptblock] $Undo) {
    $Step.Do = $Do
    $Step.Undo = $Undo
    [void] $Matchplan.Steps.Add($Step)
}

function Get-Step([string] $Id) {
    $found = @($Matchplan.Steps | Where-Object { $_.Id -ceq $Id })
    if ($found.Count -ne 1) { throw (ConvertTo-Shown "The plan has no step '$Id': Get-Steps shows them.") }
    $found[0]
}

# The steps, and what the record says of each.
function Get-Steps {
    foreach ($step in $Matchplan.Steps) {
        New-Object psobject -Property ([ordered] @{ Id = $step.Id; Wave = $step.Wave; Done = (Get-Standing $step.Id); What = (ConvertTo-Shown $step.What) })
    }
}

# New work only: what verifies, gives back, releases or undoes is never refused for the plan's age.
function Assert-NotExpired {
    if ([datetime]::UtcNow -gt (ConvertTo-Utc $Matchplan.Expires)) {
        throw "The plan has expired ($($Matchplan.Expires)), so no new work is begun: plan again. Verifying, Restore-Roles, Undo-Link and Undo-Step still work."
    }
}

# One step.
function Invoke-Step([string] $Id) {
    Set-StrictMode -Version 1.0
    $ErrorActionPreference = 'Stop'
    $step = Get-Step $Id
    Connect-Plan
    Write-Line "== $($step.Id): $($step.What)"
    if ($step.Work -and $step.Link -and (Test-Linked $step.Link)) { Write-Line '   the link is formed already'; return }
    if ($step.Kind -eq 'hold' -and @($Matchplan.Steps | Where-Object { $_.Kind -eq 'verify' -and $_.Wave -eq $step.Wave }).Count -gt 0 -and @(Get-OpenLinks $step.Wave).Count -eq 0) {
        Write-Line '   every link of the wave is formed already'
        return
    }
    if ($step.Work) { Assert-NotExpired }
    $StepId = $step.Id
    & $step.Do
    if ((Get-Standing $StepId) -eq 'begun') { Save-Record $StepId 'done' }
}

# All steps in order. It stops at the first that is not as planned; where a link is not formed, or a role not given back,
# the other links of the wave are still verified and get their roles back.
function Invoke-Plan {
    Set-StrictMode -Version 1.0
    $ErrorActionPreference = 'Stop'
    $failed = @()
    $problems = @()
    $wave = 0
    foreach ($step in $Matchplan.Steps) {
        if ($problems.Count -gt 0 -and ($step.Wave -ne $wave -or ($step.Link -and $failed -ccontains $step.Link))) { continue }
        try { Invoke-Step $step.Id }
        catch {
            $problem = ConvertTo-Shown "$($step.Id): $($_.Exception.Message)"
            Write-Warning $problem
            if ($step.Kind -ne 'verify' -and $step.Kind -ne 'restore') { Show-Open; throw }
            $problems += $problem
            $failed += $step.Link
            $wave = $step.Wave
        }
    }
    Show-Open
    if ($problems.Count -gt 0) { throw (ConvertTo-Shown ('Not everything is done: ' + ($problems -join ' / '))) }
    Write-Line 'Every step of the plan is done.'
}

# What must not be forgotten.
function Show-Open {
    foreach ($step in $Matchplan.Steps) {
        $standing = Get-Standing $step.Id
        if ($step.Kind -eq 'hold' -and @('begun', 'done') -contains $standing) {
            Write-Warning "The sync scheduler is stopped. Start it again: Invoke-Step '$($step.Release)'"
        }
        if ($step.Kind -eq 'suspend' -and $step.Back -and @('taking', 'taken', 'giving') -contains $standing) {
            Write-Warning (ConvertTo-Shown "A role is out: $($step.What). Give back every role that is out: Restore-Roles")
        }
    }
}

# Takes one step back, if this script has done it.
function Undo-Step([string] $Id) {
    Set-StrictMode -Version 1.0
    $ErrorActionPreference = 'Stop'
    $step = Get-Step $Id
    Connect-Plan
    Write-Line "== undo $($step.Id): $($step.What)"
    if ($step.Never) { throw (ConvertTo-Shown "This step cannot be undone: $($step.Never).") }
    if ($null -eq $step.Undo) { Write-Line '   there is nothing to undo'; return }
    if (@('begun', 'done', 'undoing', 'taking', 'taken', 'giving') -notcontains (Get-Standing $step.Id)) {
        Write-Line '   this script did not do it, or has undone it: nothing to undo'
        return
    }
    if ($step.UntilSync -and $step.Link -and (Test-Linked $step.Link)) { throw (ConvertTo-Shown "This step cannot be undone any more: $($step.UntilSync).") }
    if ($step.Effect) { Write-Warning (ConvertTo-Shown "Note: $($step.Effect).") }
    $StepId = $step.Id
    & $step.Undo
    if ($step.Kind -ne 'suspend') { Save-Record $StepId 'undone' }
}

# Takes back what this script has done for a link that is not formed, in reverse order; its roles come back whatever fails.
function Undo-Link([string] $Link) {
    Set-StrictMode -Version 1.0
    $ErrorActionPreference = 'Stop'
    Connect-Plan
    $steps = @($Matchplan.Steps | Where-Object { $_.Link -ceq $Link -and $null -ne $_.Undo })
    if ($steps.Count -eq 0) { throw (ConvertTo-Shown "The plan has nothing for the link '$Link' that could be undone.") }
    if (Test-Linked $Link) { throw (ConvertTo-Shown "The link '$Link' is formed: writing attributes back would change or delete the cloud user. To give back its roles: Restore-Roles") }
    $problems = @()
    for ($n = $steps.Count - 1; $n -ge 0; $n--) {
        try { Undo-Step $steps[$n].Id } catch { $problems += "$($steps[$n].Id): $($_.Exception.Message)" }
    }
    Show-Open
    if ($problems.Count -gt 0) { throw (ConvertTo-Shown ('Not everything is undone: ' + ($problems -join ' / '))) }
}
