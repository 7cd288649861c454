import { z } from 'zod'
import { type HealthSettings, isHealthName, whyNoSetting } from './health-limits.ts'
import { IsolationSettings } from './isolation-settings.ts'

/**
 * What a policy may say, section by section, as an operator writes it and as `section.name` in what is signed. Both sides
 * need it: the collector checks a policy against it, the agent takes of a document what it knows. A setting is one line
 * here, and the place in the agent that obeys it.
 */
export const policySections = {
  security: {
    /** The agent may halt a process tree that encrypts, on its own word. */
    suspendsAlone: z.boolean(),
    /** Folders that get decoys, instead of those of agent.json. */
    canaryFolders: z.array(z.string().min(1).max(1_000)).max(50),
    /** Decoys are spread over people's homes and shares too. */
    spreadsCanaries: z.boolean(),
    /** Folders in which, and below which, the agent spreads none. */
    noCanariesIn: z.array(z.string().min(1).max(1_000)).max(100),
    /** What `expand` stands for in Sigma's rules, by placeholder. */
    sigmaPlaceholders: z.record(z.string().min(1).max(100), z.array(z.string().max(500)).max(1_000)),
    /** Ids of Sigma's rules that a person has armed: they say their own level. What no person decides the fleet's record does. */
    armedRules: z.array(z.string().min(1).max(100)).max(1_000),
    /** Ids of those that a person has disarmed: they say a step less, whatever their record and whoever else armed them. */
    disarmedRules: z.array(z.string().min(1).max(100)).max(1_000),
  },
  network: {
    /** Addresses and networks that nobody of ours has business with. */
    badDestinations: z.array(z.string().min(2).max(50)).max(1_000),
    /** A scanner or a monitoring server: that it knocks at many doors is its work. */
    isScanner: z.boolean(),
  },
  isolation: IsolationSettings.shape,
  services: {
    /** Units that must run, instead of those of agent.json. */
    mustRun: z.array(z.string().min(1).max(200)).max(200),
  },
  samples: {
    everySeconds: z.number().int().min(1).max(600),
  },
} as const

type Sections = typeof policySections
type Named<Section extends keyof Sections> = { [Name in keyof Sections[Section] & string]: `${Section & string}.${Name}` }
export type PolicyKey = { [Section in keyof Sections]: Named<Section>[keyof Named<Section>] }[keyof Sections]
/** What the setting of this key is made of. */
export type PolicyValue<Key extends PolicyKey> = Key extends `${infer Section extends keyof Sections}.${infer Name}`
  ? Name extends keyof Sections[Section]
    ? Sections[Section][Name] extends z.ZodType<infer Value>
      ? Value
      : never
    : never
  : never

/** One setting as it is signed; `health.disk-full.usedPercent`, `health.battery-worn` (off), `security.suspendsAlone`. */
export const Setting = z.union([
  z.number(),
  z.boolean(),
  z.null(),
  z.string().max(1_000),
  z.array(z.string().max(1_000)).max(1_000),
  z.record(z.string().max(100), z.array(z.string().max(500)).max(1_000)),
])
export type Setting = z.infer<typeof Setting>
export type Settings = Readonly<Record<string, Setting>>

const shapeOf = (key: string): z.ZodType | undefined => {
  const [section = '', name = ''] = key.split('.')
  const sections: Record<string, Record<string, z.ZodType>> = policySections
  return Object.hasOwn(sections, section) && sections[section] && Object.hasOwn(sections[section], name)
    ? sections[section][name]
    : undefined
}

/** Undefined when the policy doesn't say, or says what this version can't read. */
export function settingIn<Key extends PolicyKey>(settings: Settings, key: Key): PolicyValue<Key> | undefined {
  if (!Object.hasOwn(settings, key)) return undefined
  return shapeOf(key)?.safeParse(settings[key]).data as PolicyValue<Key> | undefined
}

const healthPrefix = 'health.'

/** What it says of health detectors, as they ask for it; what this version doesn't know is left out. */
export function healthIn(settings: Settings): HealthSettings {
  const said = Object.entries(settings).filter(([key]) => key.startsWith(healthPrefix))
  const known = said.map(([key, value]) => [key.slice(healthPrefix.length), value] as const)
  return Object.fromEntries(known.filter(([key, value]) => whyNoSetting(key, value) === undefined)) as HealthSettings
}

const Limits = z.record(z.string(), z.number())
const Health = z.record(z.string(), z.union([z.literal('off'), Limits])).superRefine((said, context) => {
  for (const [path, value] of healthLeaves(said)) {
    const reason = whyNoSetting(path.join('.'), value)
    if (reason !== undefined) context.addIssue({ code: 'custom', path, message: reason })
  }
})
type Health = z.infer<typeof Health>

function* healthLeaves(said: Health): Generator<[string[], number | 'off' | undefined]> {
  for (const [name, value] of Object.entries(said)) {
    if (value === 'off') yield [[name], 'off']
    else if (!isHealthName(name)) yield [[name], undefined]
    else for (const [limit, number] of Object.entries(value)) yield [[name, limit], number]
  }
}

/** The same settings as an operator writes them. */
export const WrittenSettings = z.strictObject({
  health: Health.optional(),
  security: z.strictObject(policySections.security).partial().optional(),
  network: z.strictObject(policySections.network).partial().optional(),
  isolation: z.strictObject(policySections.isolation).partial().optional(),
  services: z.strictObject(policySections.services).partial().optional(),
  samples: z.strictObject(policySections.samples).partial().optional(),
})
export type WrittenSettings = z.infer<typeof WrittenSettings>

/** Written → signed, each with the path at which it stands in the file. */
export function* settingsOf({ health = {}, ...sections }: WrittenSettings): Generator<{ key: string; value: Setting; path: string[] }> {
  for (const [path, value] of healthLeaves(health)) {
    if (value !== undefined) yield { key: ['health', ...path].join('.'), value, path: ['health', ...path] }
  }
  for (const [section, said] of Object.entries(sections)) {
    for (const [name, value] of Object.entries(said ?? {})) {
      if (value !== undefined) yield { key: `${section}.${name}`, value: value as Setting, path: [section, name] }
    }
  }
}
