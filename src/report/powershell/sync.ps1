# ---- The sync engine ----

# Whether Microsoft Entra Connect Sync can be asked: this is its server, or -SyncServer names it.
function Test-SyncServer {
    if (-not $Matchplan.UsesConnect) { return $false }
    if ($Matchplan.SyncServer) { return $true }
    if ($null -eq $Matchplan.SyncHere) { $Matchplan.SyncHere = [bool] (Get-Module -ListAvailable -Name ADSync) }
    $Matchplan.SyncHere
}

function Invoke-OnSyncServer([scriptblock] $Do) {
    if (-not (Test-SyncServer)) { throw 'The sync server is needed: run this there, or name it with -SyncServer NAME.' }
    if ($Matchplan.SyncServer) { Invoke-Command -ComputerName $Matchplan.SyncServer -ScriptBlock $Do -ErrorAction Stop } else { & $Do }
}

function Get-SyncState {
    Invoke-OnSyncServer {
        Import-Module ADSync
        $scheduler = Get-ADSyncScheduler -ErrorAction Stop
        # Nothing is said of connectors that do not run.
        $runs = @(Get-ADSyncConnectorRunStatus -ErrorAction Stop)
        New-Object psobject -Property @{
            Enabled = [bool] $scheduler.SyncCycleEnabled; Suspended = [bool] $scheduler.SchedulerSuspended
            Staging = [bool] $scheduler.StagingModeEnabled; Busy = ([bool] $scheduler.SyncCycleInProgress) -or ($runs.Count -gt 0)
        }
    }
}

# A program with its arguments as one line, quoted as Windows reads it.
function Invoke-Program([string] $Program, [string] $Arguments) {
    $how = @{ FilePath = $Program; Wait = $true; PassThru = $true; NoNewWindow = $true; ErrorAction = 'Stop' }
    if ($Arguments) { $how.ArgumentList = $Arguments }
    $process = Start-Process @how
    if ($process.ExitCode -ne 0) { throw (ConvertTo-Shown "'$Program' ended with $($process.ExitCode).") }
}

# Starts a cycle on the sync server. A run that began after the server was seen idle has seen every write of ours, too.
function Start-Cycle {
    try { Invoke-OnSyncServer { Import-Module ADSync; Start-ADSyncSyncCycle -PolicyType Delta -ErrorAction Stop } | Out-Null }
    catch { if ((Get-SyncState).Busy) { Write-Line '   a cycle runs already' } else { throw } }
}

function Set-Scheduler([bool] $Enabled) {
    if ($Enabled) { Invoke-OnSyncServer { Import-Module ADSync; Set-ADSyncScheduler -SyncCycleEnabled $true -ErrorAction Stop } }
    else { Invoke-OnSyncServer { Import-Module ADSync; Set-ADSyncScheduler -SyncCycleEnabled $false -ErrorAction Stop } }
}

# Where the sync server can be asked, what it says counts.
function Assert-Scheduler([bool] $Enabled, [int] $Seconds) {
    if (-not (Test-SyncServer)) { Write-Line '   not checked: run this on the sync server, or name it with -SyncServer'; return }
    if ($Enabled) { Wait-For 'the sync scheduler is on' 60 { (Get-SyncState).Enabled } }
    else { Wait-For 'the sync scheduler is off and no cycle runs' $Seconds { $state = Get-SyncState; -not $state.Enabled -and -not $state.Busy } }
}

function Get-LastSync {
    $organization = @(Get-Items '/organization?$select=id,onPremisesLastSyncDateTime')[0]
    ConvertTo-Utc $organization['onPremisesLastSyncDateTime']
}

# One proven cycle: the engine idle, then the tenant synced, then the engine idle again. Where the engine cannot be asked,
# the tenant must have synced twice: the first may end a cycle that had read AD before our last write.
function Invoke-Cycle([int] $Wave, [int] $Seconds, [int] $Poll, [scriptblock] $Start) {
    if (@(Get-OpenLinks $Wave).Count -eq 0) { Write-Line '   every link of the wave is formed already: no cycle is needed'; return }
    $asked = Test-SyncServer
    $needed = 2
    if ($asked) {
        $needed = 1
        Wait-For 'no sync cycle runs' $Seconds { -not (Get-SyncState).Busy }
        $state = Get-SyncState
        if ($state.Staging) { throw 'The sync server is in staging mode and exports nothing: name the active one with -SyncServer.' }
        if ($state.Suspended) { throw 'The sync scheduler is suspended: see Get-ADSyncScheduler on the sync server.' }
    }
    $mark = Get-LastSync
    $seen = 0
    $until = [datetime]::UtcNow.AddSeconds($Seconds)
    & $Start
    while ($true) {
        Start-Sleep -Seconds $Poll
        $busy = $asked -and (Get-SyncState).Busy
        $last = Get-LastSync
        if ($null -ne $last -and ($null -eq $mark -or $last -gt $mark)) {
            $mark = $last
            $seen++
            Write-Line "   the tenant was synced at $($last.ToString('u'))"
            if (@(Get-OpenLinks $Wave).Count -eq 0) { Write-Line '   every link of the wave is formed'; return }
            if ($seen -lt $needed) { & $Start }
        }
        if ($seen -ge $needed -and -not $busy) { Write-Line '   a whole cycle has run'; return }
        if ([datetime]::UtcNow -gt $until) { throw "No whole sync cycle has shown within $Seconds seconds. Look at the sync server; then run this step again, or Undo-Link." }
    }
}
