// 1. Setup presence listeners
const usePresenceSystem = () => {
    const [userPresences, setUserPresences] = useState(new Map());
    
    useEffect(() => {
        // Listen for presence updates
        socket.on('user_online', (data) => {
            setUserPresences(prev => new Map(prev).set(data.userId, {
                status: 'online',
                lastSeen: data.lastSeen,
                deviceCount: data.deviceCount
            }));
        });
        
        socket.on('user_offline', (data) => {
            setUserPresences(prev => new Map(prev).set(data.userId, {
                status: 'offline', 
                lastSeen: data.lastSeen,
                deviceCount: 0
            }));
        });
        
        socket.on('presence_status_response', (data) => {
            if (data.users) {
                const newPresences = new Map(userPresences);
                data.users.forEach(user => {
                    newPresences.set(user.userId, {
                        status: user.status,
                        lastSeen: user.lastSeen,
                        deviceCount: user.deviceCount
                    });
                });
                setUserPresences(newPresences);
            }
        });
        
        // Setup heartbeat
        const heartbeatInterval = setInterval(() => {
            socket.emit('user_heartbeat', {
                timestamp: Date.now(),
                deviceInfo: {
                    type: getDeviceType(),
                    os: getOS(),
                    browser: getBrowser()
                }
            });
        }, 30000);
        
        return () => {
            clearInterval(heartbeatInterval);
            socket.off('user_online');
            socket.off('user_offline');
            socket.off('presence_status_response');
        };
    }, []);
    
    const checkUsersPresence = (userIds) => {
        socket.emit('check_users_presence', { userIds });
    };
    
    return {
        userPresences,
        checkUsersPresence
    };
};

// 2. Contact list with presence indicators
const ContactList = ({ contacts }) => {
    const { userPresences, checkUsersPresence } = usePresenceSystem();
    
    useEffect(() => {
        // Check presence for all contacts
        const contactIds = contacts.map(c => c.id);
        checkUsersPresence(contactIds);
    }, [contacts]);
    
    return (
        <div className="contact-list">
            {contacts.map(contact => {
                const presence = userPresences.get(contact.id);
                return (
                    <ContactItem 
                        key={contact.id}
                        contact={contact}
                        presence={presence}
                    />
                );
            })}
        </div>
    );
};

// 3. Contact item với presence indicator
const ContactItem = ({ contact, presence }) => {
    const getStatusColor = (status) => {
        switch (status) {
            case 'online': return '#4CAF50';
            case 'away': return '#FF9800';
            case 'busy': return '#F44336';
            default: return '#9E9E9E';
        }
    };
    
    const getLastSeenText = (lastSeen) => {
        if (!lastSeen) return '';
        const diff = Date.now() - lastSeen;
        const minutes = Math.floor(diff / 60000);
        const hours = Math.floor(minutes / 60);
        const days = Math.floor(hours / 24);
        
        if (minutes < 1) return 'Just now';
        if (minutes < 60) return `${minutes}m ago`;
        if (hours < 24) return `${hours}h ago`;
        return `${days}d ago`;
    };
    
    return (
        <div className="contact-item">
            <div className="avatar-container">
                <img src={contact.avatar} alt={contact.name} />
                <div 
                    className="status-indicator"
                    style={{ 
                        backgroundColor: getStatusColor(presence?.status),
                        border: '2px solid white',
                        width: '12px',
                        height: '12px',
                        borderRadius: '50%',
                        position: 'absolute',
                        bottom: '2px',
                        right: '2px'
                    }}
                />
            </div>
            
            <div className="contact-info">
                <div className="contact-name">{contact.name}</div>
                <div className="contact-status">
                    {presence?.status === 'online' ? (
                        <span style={{ color: '#4CAF50' }}>
                            Online {presence.deviceCount > 1 && `(${presence.deviceCount} devices)`}
                        </span>
                    ) : (
                        <span style={{ color: '#9E9E9E' }}>
                            {getLastSeenText(presence?.lastSeen)}
                        </span>
                    )}
                </div>
            </div>
        </div>
    );
};
