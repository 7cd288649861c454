/*
 * What a technician does first, by the kind of what was noticed: one sentence, in the facts of every signal as `runbook`. A health detector
 * brings its own; a kind of security may be raised from several places, so its sentence stands here and goes before. Threat: whoever reads it may be on the machine
 * that is attacked, so none of them asks anybody to run what the facts name.
 */
const byKind: Readonly<Record<string, string>> = {
  'security.ransomware.canary':
    'Look at the process in the facts and at the folder; if anything beside the decoy turned unreadable, isolate the machine before anything else.',
  'security.ransomware.encryption':
    'See that the machine is isolated and the process halted, don’t restart it, and find out which files and shares it reached and how old the last backup is.',
  'security.ransomware.backups-destroyed':
    'Ask the person in the facts whether they meant to; if nobody says so, isolate the machine and make sure of the backups that are elsewhere.',
  'security.malware.found':
    'Isolate the machine if it isn’t, move the file into quarantine, find out what started it and where it came from, and look for it on the other machines.',
  'security.logon.success-after-failures':
    'Call the person whose name it is; if it wasn’t them, end the session, change the password, and look at what was started since.',
  'security.logon.bruteforce':
    'If the source is outside, close the service to the internet or let in known addresses only; if it is a machine of ours, look at that machine first.',
  'security.logon.spray':
    'Look which of the names signed in since and have their passwords changed, and close the service to the source; if that is ours, look at it first.',
  'security.logon.unusual':
    'Ask the person whether it was them, by a way that isn’t this machine; if it wasn’t, end the session and change the password.',
  'security.network.listener':
    'See whose program holds the port and whether it should be reached from elsewhere; if not, have it stopped or the firewall closed.',
  'security.network.bad-destination':
    'Look which process talks and who started it, look for the same address on the other machines, and isolate this one unless somebody can explain it.',
  'security.network.scan':
    'Ask whether somebody is looking for machines on purpose; if not, isolate this one and look at what the process in the facts came from.',
  'security.network.spoof':
    'Find the port of the switch behind which the second machine of the facts is, and unplug it; until then, nobody there should type a password.',
  'security.account.admin-added':
    'Ask whoever may give such rights whether they did; if nobody did, take the right away, and look at what the account has done since.',
  'security.account.added': 'Compare it with what was ordered; lock an account that nobody asked for, and look at who made it.',
  'security.persistence.dangerous':
    'See what the evidence shows before and after and who wrote it; if nobody can explain it, keep a copy, take it out, and look for what it started.',
  'security.persistence.new':
    'See whether the program behind it was installed on purpose; if nobody knows it, switch it off and keep a copy.',
  'security.defence.down':
    'Ask who switched it off or emptied it, and why; if nobody says so, look through what was started before it, and switch it on again.',
  'security.defence.changed':
    'See what the evidence shows before and after, and ask whoever looks after this machine; if nobody did it, put it back.',
  'security.defence.history-cleared':
    'Ask the person whose history it is; look at what was started before it, which stands in the evidence.',
  'security.agent.tampered':
    'Compare the file or the end with what was planned; if nobody did it, isolate the machine, install the agent anew, and look for who had root’s rights.',
  'security.command.forged':
    'Look where it came from: the collector’s log and its operators’ keys; if a key may be in other hands, revoke it and press the stop button.',
  'security.command.stale':
    'Nothing after a reconnect; if they go on coming, compare the clocks of both ends, and see whether somebody plays old ones back.',
  'security.document.forged':
    'See who can write at the collector or stands between it and this machine, and compare the collector’s keys with those that operators hold.',
  'security.document.stale':
    'See whether the collector was restored from a backup; if it wasn’t, somebody may be playing old documents back.',
  'security.audit.rewritten':
    'See whether the collector was restored from a backup; if not, have somebody who doesn’t run it compare the heads (tierline audit verify --heads FILE).',
  'security.evidence.forged':
    'Look at the folder in the evidence for names with line breaks and at whose they are; until then, don’t believe which process is accused there.',
  'security.isolation.failed':
    'Pull the network cable or close the port of the switch now, and send somebody there; the facts say what could not be cut off.',
  'security.isolation.drifted':
    'Look who has root’s rights on that machine now: whoever changed the rules works against the isolation; if it happens again, unplug it.',
  'security.isolation.lease-ended':
    'Decide whether it may stay open: if the attack isn’t dealt with, isolate it again; if it is, close the ticket with what was found.',
  'security.isolation.code-right':
    'Make sure that one of us read out that code and meant to open the machine; if not, isolate it again, and find out who had the code.',
  'security.isolation.code-wrong':
    'Call the people at that machine; if it isn’t one of them who types, somebody is trying to get out: send somebody there.',
  'security.isolation.code-locked':
    'Call the people at that machine: codes are guessed there; if it isn’t one of them, send somebody, and open it from here when it is time.',
  'health.backup.differs':
    'Make another backup now, check the repository (restic check --read-data), and don’t delete older snapshots until one was restored for trial.',
  'health.update.running':
    'Nothing: packages are being changed; if it goes on for hours, see whether the package manager waits for an answer.',
  'system.detector.failed':
    'Read the reason and the agent’s log on that machine; give it the right or the program it lacks, or switch the detector off by policy.',
  'system.spool.restarted':
    'See why in the summary: a copied or restored machine needs an enrolment of its own; a broken disk needs a look at the drive.',
}

/** Kinds that end in what their maker named. */
const byFamily: readonly [prefix: string, sentence: string][] = [
  [
    'security.sigma.',
    'Read the event in the evidence against the rule’s own false positives; if it is none of them, look at the process, its parent and its user.',
  ],
]

export const runbookFor = (kind: string): string | undefined => byKind[kind] ?? byFamily.find(([prefix]) => kind.startsWith(prefix))?.[1]
