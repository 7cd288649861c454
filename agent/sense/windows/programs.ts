/** `C:\Windows\System32\VSSADMIN.EXE` → `vssadmin`. */
export const programOf = (path: string): string => (path.split(/[\\/]/).at(-1) ?? '').toLowerCase().replace(/\.(?:exe|com)$/, '')

const maxChars = 8_192

/** Where anybody may put a program, and no installer does. Below ProgramData each product has a folder of its own. */
const passing =
  /\\windows\\(?:temp|tasks|debug|tracing)\\|\\temp\\|\\perflogs\\|\\users\\public\\|\\\$recycle\.bin\\|\\programdata\\[^\\"]+\.(?:exe|dll|bat|cmd|ps1|vbs|js|scr)\b|%(?:temp|tmp|public)%|\\\\[^\\\s]+\\[a-z]+\$\\/i
const ofOnePerson = /\\users\\|%(?:appdata|localappdata|userprofile)%/i
/** Programs of people that keep themselves up to date by a task from their own folder, on every other machine. */
const usual =
  /(?:[a-z]:\\users\\[^\\"]{1,100}\\appdata\\local|%localappdata%)\\(?:microsoft\\(?:onedrive|teams|edgeupdate)|google\\update|programs\\opera)\\[^"&|;]{1,200}?\.exe/gi

/** Programs that are told what to do by their words, in ways that nobody writes by hand. */
const hostileWords =
  /\\\\\.\\pipe\\|\bcmd(?:\.exe)?["']?\s+\/[a-z/ ]*[ck]\s.*(?:\\\\127\.0\.0\.1\\|echo\s)|%comspec%\s.*\/c\s|(?:powershell|pwsh)(?:\.exe)?["']?\s.*(?:-e(?:nc?|ncodedcommand)?\s+[a-z0-9+/=]{20}|downloadstring|downloadfile|\biex\b|invoke-expression|frombase64string)|\b(?:mshta|regsvr32|rundll32)(?:\.exe)?["']?\s.*(?:https?:|javascript:|vbscript:|scrobj)|\bcertutil(?:\.exe)?["']?\s.*-(?:urlcache|decode)/i

/** A command that is dangerous wherever it is written down to start by itself. */
export const isHostileCommand = (command: string): boolean => {
  const words = command.slice(0, maxChars)
  return passing.test(words) || hostileWords.test(words)
}

/** The same, and for what runs as the machine itself also what lies in one person's folders. */
export const isDangerousCommand = (command: string): boolean =>
  isHostileCommand(command) || ofOnePerson.test(command.slice(0, maxChars).replace(usual, ''))

/** What installs and services Windows itself; others may take their names, so also their place is asked. */
const installers =
  /^[a-z]:\\windows\\(?:system32\\(?:msiexec|poqexec|wusa|usoclient|mousocoreworker|drvinst|pnputil)|servicing\\trustedinstaller|winsxs\\[^\\]+\\tiworker|ccmsetup\\ccmsetup)(?:\.exe)?$/i

export const isInstaller = (image: string): boolean => installers.test(image)

/** Programs that thin out their own snapshots, where only an administrator puts programs. */
const keepers =
  /^[a-z]:\\program files(?: \(x86\))?\\[^"]*\b(?:veeam|acronis|backup|datto|commvault|arcserve|storagecraft|macrium|cobian|altaro|urbackup|nakivo|altiris)|^[a-z]:\\windows\\system32\\(?:wbengine|srtasks|systempropertiesprotection)\.exe$/i

export const keepsBackups = (image: string): boolean => keepers.test(image)
