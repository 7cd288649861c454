import type { SystemRelease } from './system-release.ts'

/*
 * Which release a Windows machine runs, as endoflife.date names it: by the number of its build, its edition and what it was installed as, which
 * have no language. A build that isn't here is unknown, and never said to be over. Dates are what Microsoft announced, held against that list.
 */
export interface WindowsBuild {
  build: number
  /** `EditionID` of the registry: Professional, Enterprise, EnterpriseS, Core, ServerStandard, … */
  edition: string
  /** `InstallationType`: Client, Server, Server Core, … */
  installation: string
}

type Ends = Readonly<Record<string, readonly [until: string, extendedUntil?: string]>>

/** Home, Pro and their like are looked after for less long than Enterprise and Education. */
const clients: Readonly<Record<number, string>> = {
  ...{ 10240: '10-1507', 10586: '10-1511', 14393: '10-1607', 15063: '10-1703', 16299: '10-1709', 17134: '10-1803', 17763: '10-1809' },
  ...{ 18362: '10-1903', 18363: '10-1909', 19041: '10-2004', 19042: '10-20h2', 19043: '10-21h1', 19044: '10-21h2', 19045: '10-22h2' },
  ...{ 22000: '11-21h2', 22621: '11-22h2', 22631: '11-23h2', 26100: '11-24h2', 26200: '11-25h2', 28000: '11-26h1' },
}
const servers: Readonly<Record<number, string>> = {
  ...{ 9200: '2012', 9600: '2012-r2', 14393: '2016', 17763: '2019', 18362: '1903-sac', 18363: '1909-sac', 19041: '2004-sac' },
  ...{ 19042: '20h2-sac', 20348: '2022', 25398: '23h2-ac', 26100: '2025' },
}

export const windowsEnds: Readonly<Record<'windows' | 'windows-server', Ends>> = {
  windows: {
    ...{ '10-1507': ['2017-05-09'], '10-1507-e-lts': ['2025-10-14'], '10-1511': ['2017-10-10'], '10-1607-w': ['2018-04-10'] },
    ...{ '10-1607-e': ['2019-04-09'], '10-1607-e-lts': ['2026-10-13'], '10-1703-w': ['2018-10-09'], '10-1703-e': ['2019-10-08'] },
    ...{ '10-1709-w': ['2019-04-09'], '10-1709-e': ['2020-10-13'], '10-1803-w': ['2019-11-12'], '10-1803-e': ['2021-05-11'] },
    ...{ '10-1809-w': ['2020-11-10'], '10-1809-e': ['2021-05-11'], '10-1809-e-lts': ['2029-01-09'], '10-1903': ['2020-12-08'] },
    ...{ '10-1909-w': ['2021-05-11'], '10-1909-e': ['2022-05-10'], '10-2004': ['2021-12-14'], '10-20h2-w': ['2022-05-10'] },
    ...{ '10-20h2-e': ['2023-05-09'], '10-21h1': ['2022-12-13'], '10-21h2-w': ['2023-06-13'], '10-21h2-e': ['2024-06-11'] },
    ...{ '10-21h2-e-lts': ['2027-01-12'], '10-21h2-iot-lts': ['2032-01-13'], '10-22h2': ['2025-10-14', '2028-10-10'] },
    ...{ '11-21h2-w': ['2023-10-10'], '11-21h2-e': ['2024-10-08'], '11-22h2-w': ['2024-10-08'], '11-22h2-e': ['2025-10-14'] },
    ...{ '11-23h2-w': ['2025-11-11'], '11-23h2-e': ['2026-11-10'], '11-24h2-w': ['2026-10-13'], '11-24h2-e': ['2027-10-12'] },
    ...{ '11-24h2-e-lts': ['2029-10-09'], '11-24h2-iot-lts': ['2034-10-10'], '11-25h2-w': ['2027-10-12'], '11-25h2-e': ['2028-10-10'] },
    ...{ '11-26h1-w': ['2028-03-14'], '11-26h1-e': ['2029-03-13'] },
  },
  'windows-server': {
    ...{ '2012': ['2023-10-10', '2026-10-13'], '2012-r2': ['2023-10-10', '2026-10-13'], '2016': ['2027-01-12', '2030-01-12'] },
    ...{ '2019': ['2029-01-09'], '2022': ['2031-10-14'], '2025': ['2034-11-14'], '23h2-ac': ['2026-05-12'] },
    ...{ '1903-sac': ['2020-12-08'], '1909-sac': ['2021-05-11'], '2004-sac': ['2021-12-14'], '20h2-sac': ['2022-08-09'] },
  },
}

export function windowsReleaseOf({ build, edition, installation }: WindowsBuild): SystemRelease | undefined {
  if (/^server/i.test(installation) || /^server/i.test(edition)) {
    const cycle = servers[build]
    return cycle === undefined ? undefined : { product: 'windows-server', cycle }
  }
  const name = clients[build]
  if (name === undefined) return undefined
  // Some releases are one for all editions; of the others each edition has its own.
  const cycle = [`${name}-${kindOf(edition)}`, name].find((each) => Object.hasOwn(windowsEnds.windows, each))
  return cycle === undefined ? undefined : { product: 'windows', cycle }
}

function kindOf(edition: string): 'e' | 'w' | 'e-lts' | 'iot-lts' {
  if (/^iotenterprises/i.test(edition)) return 'iot-lts'
  if (/^enterprise[a-z]*s(?:n|eval)*$/i.test(edition)) return 'e-lts'
  return /enterprise|education/i.test(edition) ? 'e' : 'w'
}
