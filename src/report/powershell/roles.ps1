# ---- Roles ----

function Get-Text($Value) { if ($null -eq $Value) { '' } else { [string] $Value } }

# Lists of Privileged Identity Management. Without its licence there is nothing in them; any other failure is one.
function Get-PimItems([string] $Path) {
    try { $items = @(Get-Items $Path) }
    catch {
        if ((Get-FailureText $_) -match 'AadPremiumLicenseRequired') { return }
        throw
    }
    $items
}

# From when until when a schedule of PIM holds.
function Get-Term($Schedule) {
    $info = $Schedule['scheduleInfo']
    $term = @{ Starts = $null; Ends = $null }
    if ($null -eq $info) { return $term }
    $term.Starts = ConvertTo-Utc $info['startDateTime']
    $expiration = $info['expiration']
    if ($null -ne $expiration) {
        $term.Ends = ConvertTo-Utc $expiration['endDateTime']
        if ($null -eq $term.Ends -and $expiration['duration'] -and $null -ne $term.Starts) {
            $term.Ends = $term.Starts + [Xml.XmlConvert]::ToTimeSpan([string] $expiration['duration'])
        }
    }
    $term
}

# The schedules that are a right of the user's own now: what came through a group, was revoked or has ended is none.
function Select-Standing([object[]] $Schedules) {
    foreach ($schedule in @($Schedules)) {
        if ($null -eq $schedule) { continue }
        if ($schedule['memberType'] -and $schedule['memberType'] -ne 'Direct') { continue }
        if ($schedule['accessId'] -eq 'owner') { continue }
        if (@('Canceled', 'Denied', 'Failed', 'Revoked', 'PendingApproval', 'PendingAdminDecision') -contains $schedule['status']) { continue }
        $term = Get-Term $schedule
        if ($null -ne $term.Ends -and $term.Ends -le [datetime]::UtcNow) { continue }
        $kind = 'active'
        if ($schedule['assignmentType'] -eq 'Activated') { $kind = 'activated' }
        @{ Of = $schedule; Kind = $kind; Starts = $term.Starts; Ends = $term.Ends }
    }
}

# Adds what PIM knows to what is in force: a schedule in force describes the row that it made, all others are rows.
function Join-Rows([object[]] $Rows, [object[]] $Standing, [scriptblock] $IsSame, [scriptblock] $NewRow) {
    $all = New-Object Collections.ArrayList
    foreach ($row in @($Rows)) { if ($null -ne $row) { [void] $all.Add($row) } }
    # What was assigned stands when an activation beside it ends.
    $ordered = @(@($Standing) | Where-Object { $null -ne $_ -and $_.Kind -ne 'activated' }) + @(@($Standing) | Where-Object { $null -ne $_ -and $_.Kind -eq 'activated' })
    foreach ($one in $ordered) {
        $row = $null
        if ($null -eq $one.Starts -or $one.Starts -le [datetime]::UtcNow) {
            foreach ($candidate in $all) { if ($null -eq $row -and $candidate.InForce -and (& $IsSame $candidate $one.Of)) { $row = $candidate } }
        }
        if ($null -ne $row -and $row.Described) { continue }
        if ($null -eq $row) { $row = & $NewRow $one.Of; $row.InForce = $false; [void] $all.Add($row) }
        $row.Described = $true
        $row.Kind = $one.Kind
        $row.Ends = $one.Ends
    }
    foreach ($row in $all) { $row }
}

function New-RoleRow($Item) {
    $scope = Get-Text $Item['directoryScopeId']
    # Graph repeats '/' as the application's scope of what holds in the whole directory.
    $appScope = ''
    if (-not $scope) { $appScope = Get-Text $Item['appScopeId'] }
    @{ Id = (Get-Text $Item['id']); Role = (Get-Text $Item['roleDefinitionId']); Scope = $scope; AppScope = $appScope; Condition = (Get-Text $Item['condition'])
        Kind = 'active'; Ends = $null; InForce = $true; Described = $false }
}

# What the user holds of the same kind as the right: the same role, scope and condition, or the same group.
function Get-Rights([hashtable] $Right) {
    $mine = '?$filter=principalId eq ''' + $Right.User + ''''
    if ($Right.Group) {
        $pim = '/identityGovernance/privilegedAccess/group/'
        if ($Right.Kind -eq 'eligible') {
            foreach ($one in @(Select-Standing @(Get-PimItems ($pim + 'eligibilitySchedules' + $mine)))) {
                if ($one.Of['groupId'] -eq $Right.Group) { @{ Id = ''; Kind = 'eligible'; Ends = $one.Ends } }
            }
            return
        }
        $inside = @(@(Get-Items ('/users/' + $Right.User + '/memberOf?$select=id')) | Where-Object { $_['id'] -eq $Right.Group } |
            ForEach-Object { @{ Id = ''; Kind = 'active'; Ends = $null; InForce = $true; Described = $false } })
        $standing = @(@(Select-Standing @(Get-PimItems ($pim + 'assignmentSchedules' + $mine))) | Where-Object { $_.Of['groupId'] -eq $Right.Group })
        @(Join-Rows $inside $standing { $true } { @{ Id = ''; Kind = 'active'; Ends = $null } }) | Where-Object { $null -ne $_ -and $_.Kind -eq $Right.Kind }
        return
    }
    $directory = '/roleManagement/directory/'
    $rows = @()
    if ($Right.Kind -eq 'eligible') {
        $rows = @(Select-Standing @(Get-PimItems ($directory + 'roleEligibilitySchedules' + $mine)) | ForEach-Object {
            $row = New-RoleRow $_.Of; $row.Kind = 'eligible'; $row.Ends = $_.Ends; $row
        })
    }
    else {
        $held = @(Get-Items ($directory + 'roleAssignments' + $mine) | Where-Object { $_['principalId'] -eq $Right.User } | ForEach-Object { New-RoleRow $_ })
        $standing = @(Select-Standing @(Get-PimItems ($directory + 'roleAssignmentSchedules' + $mine)))
        $same = { param($row, $item) $other = New-RoleRow $item; $row.Role -eq $other.Role -and $row.Scope -ceq $other.Scope -and $row.AppScope -ceq $other.AppScope }
        $rows = @(Join-Rows $held $standing $same { param($item) New-RoleRow $item })
    }
    $rows | Where-Object {
        $null -ne $_ -and $_.Kind -eq $Right.Kind -and $_.Role -eq $Right.Role -and $_.Scope -ceq $Right.Scope -and
            $_.AppScope -ceq $Right.AppScope -and $_.Condition -ceq $Right.Condition
    }
}

# Whether two ends are the same; the cloud may round, so a minute makes no difference.
function Test-SameEnd($One, $Other) {
    if ($null -eq $One -or $null -eq $Other) { return ($null -eq $One -and $null -eq $Other) }
    [Math]::Abs(($One - $Other).TotalSeconds) -lt 60
}

# Whether a role is to be taken now, and if so the one that is there, in $Matchplan.Live.
function Test-Take([string] $Of) {
    $right = $Matchplan.Rights[$Of]
    if ($Matchplan.Me -and $Matchplan.Me -eq $right.User) { throw 'This is the account that you are signed in with: it would lose its own rights. Use another.' }
    $live = @(Get-Rights $right)
    $standing = Get-Standing $Of
    if ($live.Count -eq 0) {
        if ($standing -eq 'taking') { Save-Record $Of 'taken' }
        Write-Line '   it is not held (any more)'
        return $false
    }
    if ($standing -eq 'taken' -or $standing -eq 'giving') { throw 'This script has taken the role, and it is held again: somebody has given it back. Look why before you go on.' }
    foreach ($row in $live) {
        if (-not (Test-SameEnd $row.Ends (ConvertTo-Utc $right.Ends))) { throw 'The role is held until another time than the plan expects: somebody has changed it. Plan again.' }
    }
    if ($live.Count -gt 1) { throw 'The role is held more than once: plan again.' }
    $Matchplan.Live = $live[0]
    $true
}

# Kept before anything is taken: what it is, and from whom.
function Save-Taking([string] $Of) {
    $right = $Matchplan.Rights[$Of]
    Save-Record $Of 'taking' @{ user = $right.User; kind = $right.Kind; role = $right.Role; scope = $right.Scope; appScope = $right.AppScope
        condition = $right.Condition; group = $right.Group; ends = $right.Ends; assignment = $Matchplan.Live.Id; name = $right.Name }
}

# Gives back a role that this script has taken: the record must name it, and name the same as the plan.
function Restore-Right([string] $Of) {
    $right = $Matchplan.Rights[$Of]
    $standing = Get-Standing $Of
    if ($standing -eq 'given' -or $standing -eq 'ended') { Write-Line '   it was given back, or has ended'; return }
    if (@('taking', 'taken', 'giving') -notcontains $standing) { Write-Line '   this script did not take it, so it gives nothing back'; return }
    $taken = @(@(Read-Record) | Where-Object { $_.step -ceq $Of -and $null -ne $_.what })[-1]
    if ($null -eq $taken) { throw 'The record does not say what was taken: give it back by hand.' }
    foreach ($part in 'User', 'Kind', 'Role', 'Scope', 'AppScope', 'Condition', 'Group') {
        if (-not [string]::Equals((Get-Text $taken.what.$part), (Get-Text $right[$part]), [StringComparison]::Ordinal)) {
            throw "The record names another $part than the plan: nothing is given. Give the role back by hand."
        }
    }
    if (-not $right.Path) { Save-Record $Of 'ended'; Write-Line '   an activation: its holder activates it again while eligible'; return }
    $ends = ConvertTo-Utc $right.Ends
    if ($null -ne $ends -and $ends -le [datetime]::UtcNow) { Save-Record $Of 'ended'; Write-Line '   its time has ended meanwhile: it is not given again'; return }
    $live = @(Get-Rights $right)
    if ($live.Count -gt 0) {
        if (@($live | Where-Object { Test-SameEnd $_.Ends $ends }).Count -eq 0) { throw 'Somebody has given the role back until another time: that stays as it is.' }
        Save-Record $Of 'given'
        Write-Line '   it is held already'
        return
    }
    Save-Record $Of 'giving'
    Send-Graph 'POST' $right.Path (& $right.Body)
    Wait-For "$($right.Name) is held again" 120 { @(Get-Rights $right).Count -gt 0 }
    Save-Record $Of 'given'
}

# Everything that is out and was to come back, at any time, whatever became of the links.
function Restore-Roles {
    Set-StrictMode -Version 1.0
    $ErrorActionPreference = 'Stop'
    Connect-Plan
    $problems = @()
    foreach ($step in @($Matchplan.Steps | Where-Object { $_.Kind -eq 'suspend' -and $_.Back })) {
        Write-Line "== give back $($step.What)"
        try { Restore-Right $step.Id } catch { $problems += "$($step.Id): $($_.Exception.Message)"; Write-Warning (ConvertTo-Shown $problems[-1]) }
    }
    if ($problems.Count -gt 0) { throw (ConvertTo-Shown ('Not every role is back: ' + ($problems -join ' / '))) }
}

# Whether enough enabled, standing Global Administrators are left besides the users of the plan, read now.
function Assert-GlobalAdministrators([int] $Needed) {
    $of = '?$filter=roleDefinitionId eq ''62e90394-69f5-4237-9190-012177145e10'''
    $limited = @(Select-Standing @(Get-PimItems ('/roleManagement/directory/roleAssignmentSchedules' + $of)) |
        Where-Object { $null -ne $_ -and ($_.Kind -eq 'activated' -or $null -ne $_.Ends) } | ForEach-Object { [string] $_.Of['principalId'] })
    $left = 0
    foreach ($item in @(Get-Items ('/roleManagement/directory/roleAssignments' + $of))) {
        $id = [string] $item['principalId']
        if ($item['directoryScopeId'] -ne '/' -or $Matchplan.PlanUsers -contains $id -or $limited -contains $id) { continue }
        try { $user = Get-Graph ('/users/' + $id + '?$select=id,accountEnabled') }
        catch { if ((Get-StatusCode $_) -eq 404) { continue }; throw }
        if ($user['accountEnabled'] -eq $true) { $left++ }
    }
    if ($left -lt $Needed) { throw "Only $left enabled Global Administrators besides this plan's users are left, and there must be $Needed. Nothing is taken." }
}
