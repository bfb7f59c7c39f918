declare const __NOT_YET__: readonly string[]

/** Whether the daemon of this build has an operation of the contract (x-not-yet in api/openapi.yaml). */
export const isThere = (operation: string): boolean => !__NOT_YET__.includes(operation)
