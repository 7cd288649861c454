/** Rules and events in the shapes that are common among the community's, made from a number alone, so that every run has the same. */

const pick = <Item>(from: readonly Item[], n: number): Item => from[n % from.length] as Item
const tools = [
  'certutil',
  'rundll32',
  'regsvr32',
  'powershell',
  'wmic',
  'mshta',
  'schtasks',
  'netsh',
  'bitsadmin',
  'cscript',
  'vssadmin',
  'reg',
]
const hives = ['Run', 'RunOnce', 'Services', 'Policies', 'Winlogon', 'Image File Execution Options', 'AppInit_DLLs', 'Environment']

type Detection = Record<string, unknown>

/** Six of ten look at processes, as in the community's. */
const shapes: readonly ((n: number) => { category: string; detection: Detection })[] = [
  (n) => ({
    category: 'process_creation',
    detection: {
      selection_img: [{ 'Image|endswith': `\\${pick(tools, n)}.exe` }, { OriginalFileName: `${pick(tools, n)}.exe`.toUpperCase() }],
      selection_cli: { 'CommandLine|contains|all': [` /option${n} `, `value-${n * 7}`] },
      condition: 'all of selection_*',
    },
  }),
  (n) => ({
    category: 'process_creation',
    detection: {
      selection: { 'CommandLine|contains': [`\\appdata\\local\\temp\\stage${n}`, ` -switch${n} `, `invoke-thing${n}`, `hidden${n}.ps1`] },
      filter_main_own: { 'ParentImage|endswith': ['\\msiexec.exe', '\\services.exe'] },
      filter_main_null: { Image: null },
      condition: 'selection and not 1 of filter_main_*',
    },
  }),
  (n) => ({
    category: 'process_creation',
    detection: {
      selection: { 'CommandLine|re': `(?i)(load|fetch)string${n}\\s*\\(['"]?https?://`, 'Image|endswith': `\\${pick(tools, n)}.exe` },
      condition: 'selection',
    },
  }),
  (n) => ({
    category: 'registry_set',
    detection: {
      selection: {
        'TargetObject|contains': `\\CurrentVersion\\${pick(hives, n)}\\entry${n}`,
        'Details|endswith': ['.exe', '.dll', `.x${n}`],
      },
      condition: 'selection',
    },
  }),
  (n) => ({
    category: 'file_event',
    detection: {
      selection: { 'TargetFilename|endswith': [`\\drop${n}.exe`, `\\drop${n}.dll`], 'Image|contains': ['\\temp\\', '\\users\\public\\'] },
      condition: 'selection',
    },
  }),
  (n) => ({
    category: 'image_load',
    detection: {
      selection: { 'ImageLoaded|endswith': `\\module${n}.dll` },
      filter: { 'Image|startswith': 'C:\\Windows\\' },
      condition: 'selection and not filter',
    },
  }),
  (n) => ({
    category: 'process_creation',
    detection: {
      selection: { 'Image|endswith': [`\\tool${n}.exe`, `\\helper${n}.exe`], 'CommandLine|windash|contains': [` -enc${n}`, ` -e${n} `] },
      condition: 'selection',
    },
  }),
  (n) => ({
    category: 'process_creation',
    detection: { selection: { 'Hashes|contains': [`IMPHASH=${n.toString(16).padStart(32, 'a')}`] }, condition: 'selection' },
  }),
]

export function madeRules(count: number): string[] {
  return Array.from({ length: count }, (_, n) => {
    const { category, detection } = pick(shapes, n)(n)
    return JSON.stringify({
      id: `made-${n}`,
      title: `Made ${n}`,
      status: 'test',
      level: 'high',
      logsource: { product: 'windows', category },
      detection,
    })
  })
}

/** Sysmon's events as JSON lines; one in fifty fits one of the first two hundred rules. */
export function madeEvents(count: number): string[] {
  return Array.from({ length: count }, (_, n) => JSON.stringify(eventOf(n)))
}

function eventOf(n: number): Record<string, unknown> {
  const common = {
    ...{ Channel: 'Microsoft-Windows-Sysmon/Operational', SourceName: 'Microsoft-Windows-Sysmon', Hostname: `ws${n % 20}.example.org` },
    ...{ UtcTime: '2026-11-22 09:00:00.000', ProcessGuid: `{5aa13a44-0c90-68fc-bf1d-00000000${n % 9}002}`, ProcessId: 1_000 + (n % 9_000) },
    ...{ User: 'EXAMPLE\\somebody', Image: `C:\\Program Files\\Vendor ${n % 30}\\app${n % 70}.exe` },
  }
  if (n % 5 === 3)
    return {
      ...common,
      EventID: 13,
      EventType: 'SetValue',
      TargetObject: `HKLM\\SOFTWARE\\Vendor\\CurrentVersion\\Run\\app${n}`,
      Details: `C:\\app${n}.exe`,
    }
  if (n % 5 === 4)
    return {
      ...common,
      EventID: 11,
      TargetFilename: `C:\\Users\\somebody\\AppData\\Local\\Temp\\file${n}.tmp`,
      CreationUtcTime: '2026-11-22 09:00:00.000',
    }
  const isHit = n % 50 === 0
  const tool = pick(tools, isHit ? (n / 50) * 8 : n)
  return {
    ...common,
    ...{
      EventID: 1,
      Image: `C:\\Windows\\System32\\${tool}.exe`,
      OriginalFileName: `${tool}.exe`,
      Description: 'A tool of Windows',
      Company: 'Vendor',
    },
    CommandLine: isHit
      ? `${tool} /option${((n / 50) * 8) % 200} x value-${(((n / 50) * 8) % 200) * 7}`
      : `"C:\\Windows\\System32\\${tool}.exe" -job ${n} --config "C:\\ProgramData\\Vendor\\settings.json" -quiet`,
    ...{ ParentImage: 'C:\\Windows\\explorer.exe', ParentCommandLine: 'C:\\Windows\\Explorer.EXE', IntegrityLevel: 'Medium' },
    Hashes: `MD5=${n.toString(16).padStart(32, '5')},SHA256=${n.toString(16).padStart(64, '2')},IMPHASH=${n.toString(16).padStart(32, 'c')}`,
  }
}
