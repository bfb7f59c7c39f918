/** A rule of [[topic_rules]] as the daemon has it; what is not named here is kept as it is. */
export interface Rule {
  permission?: string
  action?: string
  topics?: string[]
  users?: string[]
  client_ids?: string[]
  groups?: string[]
  qos?: unknown
  retain?: unknown
  ipaddr?: unknown
  [name: string]: unknown
}

/** "meter-7, meter-8" as a list; nothing where nothing stands. */
export function toList(words: string, at: RegExp = /[,\n]/): string[] | undefined {
  const list = words.split(at).map((one) => one.trim()).filter(Boolean)
  return list.length ? list : undefined
}

export function withField(rule: Rule, name: string, value: unknown): Rule {
  const next: Rule = { ...rule }
  if (value === undefined) delete next[name]
  else next[name] = value
  return next
}
