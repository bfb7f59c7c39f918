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

const SHOWN = ['permission', 'action', 'topics', 'users', 'client_ids', 'groups', 'qos', 'retain', 'ipaddr']
export const othersOf = (rule: Rule): string[] => Object.keys(rule).filter((name) => !SHOWN.includes(name))

/** The levels that a rule is for; none named is all. */
export function qosOf(rule: Rule): number[] {
  const levels = Array.isArray(rule.qos) ? rule.qos : rule.qos === undefined ? [0, 1, 2] : [rule.qos]
  return levels.filter((one): one is number => typeof one === 'number')
}

/** The last one cannot be taken away: a rule for no level would be none. */
export function withQos(rule: Rule, level: number, on: boolean): Rule {
  const levels = [0, 1, 2].filter((one) => (one === level ? on : qosOf(rule).includes(one)))
  if (levels.length === 0) return { ...rule }
  return withField(rule, 'qos', levels.length === 3 ? undefined : levels)
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
