import type { Origin } from './logsource.ts'

/** Windows channels by the name that Sigma gives the service. */
const channels: Readonly<Record<string, readonly string[]>> = {
  application: ['Application'],
  'application-experience': [
    'Microsoft-Windows-Application-Experience/Program-Telemetry',
    'Microsoft-Windows-Application-Experience/Program-Compatibility-Assistant',
  ],
  applocker: [
    ...['MSI and Script', 'EXE and DLL', 'Packaged app-Deployment', 'Packaged app-Execution'].map(
      (name) => `Microsoft-Windows-AppLocker/${name}`,
    ),
  ],
  'appmodel-runtime': ['Microsoft-Windows-AppModel-Runtime/Admin'],
  'appxdeployment-server': ['Microsoft-Windows-AppXDeploymentServer/Operational'],
  'appxpackaging-om': ['Microsoft-Windows-AppxPackaging/Operational'],
  'bits-client': ['Microsoft-Windows-Bits-Client/Operational'],
  capi2: ['Microsoft-Windows-CAPI2/Operational'],
  'certificateservicesclient-lifecycle-system': ['Microsoft-Windows-CertificateServicesClient-Lifecycle-System/Operational'],
  'codeintegrity-operational': ['Microsoft-Windows-CodeIntegrity/Operational'],
  dhcp: ['Microsoft-Windows-DHCP-Server/Operational'],
  'diagnosis-scripted': ['Microsoft-Windows-Diagnosis-Scripted/Operational'],
  'dns-client': ['Microsoft-Windows-DNS Client Events/Operational'],
  'dns-server': ['DNS Server'],
  'dns-server-analytic': ['Microsoft-Windows-DNS-Server/Analytical'],
  'dns-server-audit': ['Microsoft-Windows-DNS-Server/Audit'],
  'driver-framework': ['Microsoft-Windows-DriverFrameworks-UserMode/Operational'],
  'firewall-as': ['Microsoft-Windows-Windows Firewall With Advanced Security/Firewall'],
  'hyper-v-worker': ['Microsoft-Windows-Hyper-V-Worker', 'Microsoft-Windows-Hyper-V-Worker-Admin'],
  'iis-configuration': ['Microsoft-IIS-Configuration/Operational'],
  'kernel-event-tracing': ['Microsoft-Windows-Kernel-EventTracing'],
  'kernel-shimengine': ['Microsoft-Windows-Kernel-ShimEngine/Operational', 'Microsoft-Windows-Kernel-ShimEngine/Diagnostic'],
  ldap: ['Microsoft-Windows-LDAP-Client/Debug'],
  'lsa-server': ['Microsoft-Windows-LSA/Operational'],
  'microsoft-servicebus-client': ['Microsoft-ServiceBus-Client'],
  'msexchange-management': ['MSExchange Management'],
  ntfs: ['Microsoft-Windows-Ntfs/Operational'],
  ntlm: ['Microsoft-Windows-NTLM/Operational'],
  openssh: ['OpenSSH/Operational'],
  powershell: ['Microsoft-Windows-PowerShell/Operational', 'PowerShellCore/Operational'],
  'powershell-classic': ['Windows PowerShell'],
  'printservice-admin': ['Microsoft-Windows-PrintService/Admin'],
  'printservice-operational': ['Microsoft-Windows-PrintService/Operational'],
  security: ['Security'],
  'security-mitigations': ['Microsoft-Windows-Security-Mitigations/Kernel Mode', 'Microsoft-Windows-Security-Mitigations/User Mode'],
  sense: ['Microsoft-Windows-SENSE/Operational'],
  'shell-core': ['Microsoft-Windows-Shell-Core/Operational'],
  'smbclient-connectivity': ['Microsoft-Windows-SmbClient/Connectivity'],
  'smbclient-security': ['Microsoft-Windows-SmbClient/Security'],
  'smbserver-connectivity': ['Microsoft-Windows-SMBServer/Connectivity'],
  sysmon: ['Microsoft-Windows-Sysmon/Operational'],
  system: ['System'],
  taskscheduler: ['Microsoft-Windows-TaskScheduler/Operational'],
  'terminalservices-localsessionmanager': ['Microsoft-Windows-TerminalServices-LocalSessionManager/Operational'],
  vhdmp: ['Microsoft-Windows-VHDMP/Operational', 'Microsoft-Windows-VHDMP-Operational'],
  windefend: ['Microsoft-Windows-Windows Defender/Operational'],
  wmi: ['Microsoft-Windows-WMI-Activity/Operational'],
}

/** Channels that a service of Sigma's stands for. */
export const channelsOf = (service: string): readonly string[] => (Object.hasOwn(channels, service) ? (channels[service] ?? []) : [])

export const windowsServices: ReadonlySet<string> = new Set(Object.keys(channels))

const serviceOf: ReadonlyMap<string, string> = new Map(
  Object.entries(channels).flatMap(([service, names]) => names.map((name) => [name.toLowerCase(), service] as const)),
)

const sysmon: Readonly<Record<number, readonly string[]>> = {
  ...{ 1: ['process_creation'], 2: ['file_change'], 3: ['network_connection'], 4: ['sysmon_status'], 5: ['process_termination'] },
  ...{ 6: ['driver_load'], 7: ['image_load'], 8: ['create_remote_thread'], 9: ['raw_access_thread'], 10: ['process_access'] },
  ...{ 11: ['file_event'], 13: ['registry_event', 'registry_set'], 14: ['registry_event', 'registry_rename'] },
  ...{ 15: ['create_stream_hash'], 16: ['sysmon_status'], 17: ['pipe_created'], 18: ['pipe_created'] },
  ...{ 19: ['wmi_event'], 20: ['wmi_event'], 21: ['wmi_event'], 22: ['dns_query'], 23: ['file_delete'], 24: ['clipboard_capture'] },
  ...{ 25: ['process_tampering'], 26: ['file_delete'], 27: ['file_block_executable'], 28: ['file_block_shredding'] },
  ...{ 29: ['file_executable_detected'], 255: ['sysmon_error'] },
}
const security: Readonly<Record<number, readonly string[]>> = {
  4688: ['process_creation'],
  4689: ['process_termination'],
  4657: ['registry_event', 'registry_set'],
  5156: ['network_connection'],
}
const powershell: Readonly<Record<number, readonly string[]>> = { 4103: ['ps_module'], 4104: ['ps_script'] }
const powershellClassic: Readonly<Record<number, readonly string[]>> = {
  400: ['ps_classic_start'],
  600: ['ps_classic_provider_start'],
  800: ['ps_classic_script'],
}
const byService: Readonly<Record<string, Readonly<Record<number, readonly string[]>>>> = {
  ...{ sysmon, security, powershell, 'powershell-classic': powershellClassic },
}

/** @param registryChange Sysmon's `EventType` of event 12, which holds two kinds. */
export function windowsOrigin(channel: string, eventId: number, registryChange: string | undefined): Origin {
  const service = serviceOf.get(channel.toLowerCase())
  const services = service === undefined ? [] : [service]
  if (service === 'sysmon' && eventId === 12) return { product: 'windows', categories: registryCategories(registryChange), services }
  return { product: 'windows', categories: (service === undefined ? undefined : byService[service]?.[eventId]) ?? [], services }
}

function registryCategories(change: string | undefined): readonly string[] {
  if (change === undefined) return ['registry_event', 'registry_add', 'registry_delete']
  return ['registry_event', /^delete/i.test(change) ? 'registry_delete' : 'registry_add']
}

/** Of the events of these services, so far as their numbers say it. */
export const categoriesOf = (service: string): string[] => [
  ...new Set([...Object.values(byService[service] ?? {}).flat(), ...(service === 'sysmon' ? registryCategories(undefined) : [])]),
]
