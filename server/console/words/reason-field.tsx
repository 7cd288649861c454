import { LongText } from '../frame/long-text.tsx'

interface ReasonFieldProps {
  reason: string
  onChange(reason: string): void
}

/** Why somebody does it; it stands on the timeline and in the audit. */
export function ReasonField({ reason, onChange }: ReasonFieldProps) {
  return (
    <LongText
      label="Reason"
      description="Kept on the record, with your name."
      required
      data-autofocus
      minRows={2}
      maxLength={500}
      text={reason}
      onChange={onChange}
    />
  )
}
