import type { ScreenWords } from './words.ts'

export const de: ScreenWords = {
  title: 'Dieser Rechner ist vom Netz getrennt',
  cutOff: ({ number, callWhom, type }) => [
    'DIESER RECHNER IST VOM NETZ GETRENNT.',
    'Warum: Es gibt Anzeichen für einen Angriff auf ihn, der sich nicht ausbreiten darf. Sie haben nichts falsch gemacht.',
    'Bitte lassen Sie ihn eingeschaltet und ziehen Sie keine Kabel. Was offen ist, bleibt offen; speichern Sie auf diesem Rechner.',
    callWhom.length > 0 ? `Rufen Sie an: ${callWhom.join(' oder ')}` : 'Rufen Sie die Leute an, die sich um Ihre Rechner kümmern.',
    `Nennen Sie diese Nummer: ${number}`,
    `Liest man Ihnen einen Code vor, so tippen Sie in ein Terminal: ${type}`,
  ],
  openTitle: 'Dieser Rechner ist wieder am Netz',
  open: ['Dieser Rechner ist wieder am Netz. Danke für Ihre Geduld.'],
}
