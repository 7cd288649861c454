import type { Migration } from 'kysely/migration'
import type { Capabilities } from '../capabilities.ts'
import { firstTables } from './0001-first-tables.ts'
import { rollups } from './0002-rollups.ts'
import { silences } from './0003-silences.ts'
import { lateTickets } from './0004-late-tickets.ts'
import { restores } from './0005-restores.ts'
import { missing } from './0006-missing.ts'
import { documents } from './0007-documents.ts'
import { silencesByWord } from './0008-silences-by-word.ts'
import { rounds } from './0009-rounds.ts'
import { cursorsByAge } from './0010-cursors-by-age.ts'
import { plansAndTags } from './0011-plans-and-tags.ts'
import { waiting } from './0013-waiting.ts'
import { receiversOfPeople } from './0015-receivers-of-people.ts'
import { rosters } from './0016-rosters.ts'
import { pagings } from './0017-pagings.ts'
import { mails } from './0018-mails.ts'
import { stops } from './0019-stops.ts'
import { gathering } from './0020-gathering.ts'
import { maintenance } from './0022-maintenance.ts'
import { noise } from './0023-noise.ts'
import { requesters } from './0024-requesters.ts'
import { modesAndTasks } from './0025-modes-and-tasks.ts'
import { ended } from './0026-ended.ts'
import { flapping } from './0027-flapping.ts'
import { loudness } from './0028-loudness.ts'
import { problems } from './0029-problems.ts'
import { stoppedBy } from './0030-stopped-by.ts'
import { ownCore } from './0031-own-core.ts'
import { signatures } from './0032-signatures.ts'
import { numbersAfterRestores } from './0033-numbers-after-restores.ts'
import { held } from './0035-held.ts'
import { loudSources } from './0036-loud-sources.ts'
import { releaseConsents } from './0037-release-consents.ts'
import { halted } from './0038-halted.ts'
import { lifeOfCommands } from './0039-life-of-commands.ts'
import { archivesAndScripts } from './0040-archives-and-scripts.ts'
import { auditChain } from './0044-audit-chain.ts'
import { consentsWithoutRestore } from './0047-consents-without-restore.ts'
import { bulk } from './0049-bulk.ts'
import { standingOrders } from './0052-standing-orders.ts'
import { releaseCodes } from './0055-release-codes.ts'
import { neighbours } from './0057-neighbours.ts'
import { detectorAges } from './0058-detector-ages.ts'
import { policies } from './0060-policies.ts'
import { agesByEndpoint } from './0071-ages-by-endpoint.ts'
import { askedTickets } from './0072-asked-tickets.ts'
import { browserKeys } from './0076-browser-keys.ts'
import { firedTurn } from './0090-fired-turn.ts'
import { samplesAsTheyCome } from './0091-samples-as-they-come.ts'
import { overridesOfSites } from './0096-overrides-of-sites.ts'
import { keptNeighbours } from './0101-kept-neighbours.ts'
import { software } from './0106-software.ts'
import { vips } from './0107-vips.ts'
import { oldCommands } from './0108-old-commands.ts'
import { knocks } from './0109-knocks.ts'
import { readiness } from './0112-readiness.ts'
import { watchedRules } from './0114-watched-rules.ts'
import { hitsOfRules } from './0115-hits-of-rules.ts'
import { roundUps } from './0116-round-ups.ts'
import { keptDays } from './0119-kept-days.ts'
import { commandsOverByOrganisation } from './0120-commands-over-by-organisation.ts'

/** Appended to, never changed: a database in the field remembers them by name. */
export function migrations(capabilities: Capabilities): Record<string, Migration> {
  return {
    '0001-first-tables': firstTables(capabilities.ddl),
    '0002-rollups': rollups(capabilities.ddl),
    '0003-silences': silences,
    '0004-late-tickets': lateTickets,
    '0005-restores': restores,
    '0006-missing': missing,
    '0007-documents': documents,
    '0008-silences-by-word': silencesByWord,
    '0009-rounds': rounds,
    '0010-cursors-by-age': cursorsByAge,
    '0011-plans-and-tags': plansAndTags,
    '0013-waiting': waiting,
    '0015-receivers-of-people': receiversOfPeople,
    '0016-rosters': rosters,
    '0017-pagings': pagings,
    '0018-mails': mails,
    '0019-stops': stops,
    '0020-gathering': gathering,
    '0022-maintenance': maintenance,
    '0023-noise': noise,
    '0024-requesters': requesters,
    '0025-modes-and-tasks': modesAndTasks,
    '0026-ended': ended,
    '0027-flapping': flapping,
    '0028-loudness': loudness,
    '0029-problems': problems,
    '0030-stopped-by': stoppedBy,
    '0031-own-core': ownCore,
    '0032-signatures': signatures,
    '0033-numbers-after-restores': numbersAfterRestores,
    '0035-held': held,
    '0036-loud-sources': loudSources,
    '0037-release-consents': releaseConsents,
    '0038-halted': halted,
    '0039-life-of-commands': lifeOfCommands,
    '0040-archives-and-scripts': archivesAndScripts,
    '0044-audit-chain': auditChain(capabilities.ddl),
    '0047-consents-without-restore': consentsWithoutRestore,
    '0049-bulk': bulk,
    '0052-standing-orders': standingOrders,
    '0055-release-codes': releaseCodes,
    '0057-neighbours': neighbours,
    '0058-detector-ages': detectorAges,
    '0060-policies': policies,
    '0071-ages-by-endpoint': agesByEndpoint,
    '0072-asked-tickets': askedTickets,
    '0076-browser-keys': browserKeys,
    '0090-fired-turn': firedTurn,
    '0091-samples-as-they-come': samplesAsTheyCome(capabilities.ddl),
    '0096-overrides-of-sites': overridesOfSites,
    '0101-kept-neighbours': keptNeighbours,
    '0106-software': software,
    '0107-vips': vips,
    '0108-old-commands': oldCommands,
    '0116-round-ups': roundUps,
    '0109-knocks': knocks,
    '0112-readiness': readiness,
    '0114-watched-rules': watchedRules,
    '0115-hits-of-rules': hitsOfRules,
    '0119-kept-days': keptDays,
    '0120-commands-over-by-organisation': commandsOverByOrganisation,
  }
}
