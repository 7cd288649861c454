import type { CustomerWords } from '../../customer-words.ts'

/** Alles, was Kunden gesagt wird, auf Deutsch. */
export const de: CustomerWords = {
  locale: 'de-DE',
  hello: (name) => `Guten Tag ${name},`,
  yours: (number, title) => `Ihre Anfrage #${number}: ${title}`,
  events: {
    'request.received': () => ['wir haben Ihre Anfrage erhalten.'],
    'request.taken': () => ['Ihre Anfrage hat jetzt jemand übernommen.'],
    'request.queued': () => ['Ihre Anfrage wartet wieder, weil die Person, die sie hatte, abwesend ist.'],
    'request.moved': ({ entry: { body } }) => [`Ihre Anfrage ist bei anderen Leuten, weil ${why(body.reason)}.`],
    'request.waiting': ({ entry: { body } }) => ['bevor es weitergeht, brauchen wir etwas von Ihnen.', ...quoted(body.note)],
    'request.reminded': ({ entry: { body } }, when) => [
      'wir warten noch auf Ihre Antwort.',
      ...(typeof body.closesAt === 'number'
        ? [`Ohne sie schließen wir Ihre Anfrage am ${when(body.closesAt)}. Sie können sie wieder öffnen.`]
        : []),
    ],
    'request.stands': () => ['Sie haben eine Weile nichts von uns gehört: So steht es um Ihre Anfrage.'],
    'request.reopened': () => ['Ihre Anfrage ist wieder offen.'],
    'request.resolved': ({ entry: { body } }) => [`Ihre Anfrage ist abgeschlossen: ${ended(body.resolution)}.`, ...quoted(body.note)],
    'ticket.opened': () => ['Es gibt eine dringende Störung; wir sind dran.'],
    'ticket.reopened': () => ['Eine dringende Störung ist wieder da; wir sind dran.'],
    'ticket.raised': () => ['Eine Störung ist dringend geworden.'],
    'ticket.resolved': () => ['Die dringende Störung ist vorbei.'],
    'ticket.promise-broken': () => ['Wir haben diese dringende Störung nicht in der zugesagten Zeit behoben.'],
    'ticket.command-settled': ({ entry: { body }, endpoint }) => {
      const machine = endpoint?.hostname ?? 'ein Gerät'
      return [body.verb === 'isolate-host' ? `Wir haben ${machine} vom Netz getrennt.` : `${machine} ist wieder am Netz.`]
    },
  },
  tiers: {
    ...{ tier1: 'Erste Ebene', tier2: 'Zweite Ebene', tier3: 'Dritte Ebene' },
    ...{ security: 'Sicherheitsteam', field: 'Außendienst', vcio: 'Planung' },
  },
  has: (owner, tier) => `Sie liegt bei ${owner} (${tier}).`,
  waitsInQueue: (tier) => `Sie liegt in der Warteschlange (${tier}); noch hat sie niemand Bestimmtes.`,
  next: {
    taken: 'Als Nächstes: Jemand dort übernimmt sie.',
    looks: 'Als Nächstes: Sie wird angesehen.',
    works: 'Als Nächstes: Es wird daran weitergearbeitet.',
    waits: 'Als Nächstes: Es geht weiter, sobald wir haben, worauf wir warten. So lange läuft unsere Zeit nicht.',
    over: 'Es geschieht nichts mehr, außer Sie sagen uns, dass noch etwas nicht stimmt.',
  },
  answerBy: (when) => `Sie hören bis ${when} von einem Menschen.`,
  solvedBy: (when) => `Gelöst sein soll es bis ${when}.`,
  howToAnswer: 'Wenn Sie etwas ergänzen möchten, antworten Sie auf diese Mail.',
  several: (count) => `Neues zu ${count} Anfragen`,
  more: (count) => `… und ${count} weitere`,
}

function why(reason: unknown): string {
  const reasons: Record<string, string> = {
    'time-box': 'die Zeit dort um ist',
    expertise: 'sie jemanden braucht, der mehr davon versteht',
    access: 'sie Rechte braucht, die dort niemand hat',
    security: 'es ein Angriff sein könnte',
    field: 'jemand zu Ihnen kommen muss',
  }
  return reasons[String(reason)] ?? 'es die richtigen dafür sind'
}

function ended(resolution: unknown): string {
  const ends: Record<string, string> = {
    fixed: 'sie ist gelöst',
    duplicate: 'an derselben Störung arbeiten wir unter einer anderen Nummer',
    'wont-fix': 'wir werden daran nichts ändern',
    unanswered: 'wir haben von Ihnen nichts mehr gehört',
  }
  return ends[String(resolution)] ?? 'es war nichts zu beheben'
}

/** Was jemand von uns geschrieben hat, damit sie es lesen. */
const quoted = (note: unknown): string[] => (typeof note === 'string' && note !== '' ? ['', note, ''] : [])
