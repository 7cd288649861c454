import type { IsolationSettings } from '#shared/domain/isolation-settings.ts'
import { seconds } from '#shared/domain/time.ts'
import type { AgentConfig } from './config.ts'
import type { Policy } from './policy/policy.ts'
import type { SenseSettings } from './sense/define-detector.ts'

/** What the policy says now, else agent.json: asked whenever it matters. A setting that the agent is to obey stands here. */
export interface SettingsInForce {
  sampleEveryMs(): number
  suspendsAlone(): boolean
  isolation(): IsolationSettings
  /** @param wasUpdated this agent made way for another version, so its files are expected to be others. */
  sensing(
    rest: Omit<SenseSettings, 'canaryDirs' | 'spreadsCanaries' | 'services' | 'sigmaPlaceholders' | 'own'> & { wasUpdated: boolean },
  ): SenseSettings
}

export function settingsInForce(policy: Policy, config: AgentConfig): SettingsInForce {
  return {
    sampleEveryMs: () => policy.setting('samples.everySeconds', config.sampleEveryMs / seconds(1)) * seconds(1),
    suspendsAlone: () => policy.setting('security.suspendsAlone', config.suspendsAlone),
    isolation: () => ({
      unproven: policy.setting('isolation.unproven', config.isolationSettings.unproven),
      leaseHours: policy.setting('isolation.leaseHours', config.isolationSettings.leaseHours),
      asksNeighbours: policy.setting('isolation.asksNeighbours', config.isolationSettings.asksNeighbours),
      outside: policy.setting('isolation.outside', config.isolationSettings.outside),
    }),
    sensing: ({ wasUpdated, ...rest }) => ({
      ...rest,
      network: () => ({
        badDestinations: policy.setting('network.badDestinations', [...config.network.badDestinations]),
        isScanner: policy.setting('network.isScanner', config.network.isScanner),
      }),
      armedRules: () => policy.setting('security.armedRules', []),
      disarmedRules: () => policy.setting('security.disarmedRules', []),
      // What a newcomer tries out is theirs to change.
      ...(!config.isTrial && { own: { dataDir: config.dataDir, wasUpdated } }),
      spreadsCanaries: () =>
        policy.setting('security.spreadsCanaries', config.spreadsCanaries)
          ? { except: [...policy.setting('security.noCanariesIn', []), config.dataDir] }
          : undefined,
      get canaryDirs() {
        return policy.setting('security.canaryFolders', config.canaryDirs)
      },
      get services() {
        return policy.setting('services.mustRun', config.services)
      },
      get sigmaPlaceholders() {
        return policy.setting('security.sigmaPlaceholders', {})
      },
    }),
  }
}
