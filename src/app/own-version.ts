/** Version of this Headgate; a test compares it with package.json. */
export const ownVersion = '0.1.0';
